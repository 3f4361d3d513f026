import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JitterBuffer } from '../../../src/governance/audio/jitter-buffer.ts';
import type { TimedPacket } from '../../../src/governance/audio/timeline.ts';

const OPTIONS = { depthMs: 80, maxPackets: 8 };

function collect(): { buffer: JitterBuffer<TimedPacket>; heard: number[] } {
  const heard: number[] = [];
  return { buffer: new JitterBuffer<TimedPacket>(OPTIONS, (packet) => heard.push(packet.extendedSequence)), heard };
}

function packet(extendedSequence: number, arrivalMs: number, ssrc = 1): TimedPacket {
  return { extendedSequence, arrivalUs: arrivalMs * 1000, ssrc, rtpTimestamp: 0 };
}

test('packets in order are not kept waiting', () => {
  const { buffer, heard } = collect();

  buffer.push(packet(5, 0));
  buffer.push(packet(6, 20));

  expect(heard).toEqual([5, 6]);
});

test('two packets that overtook each other are put right', () => {
  const { buffer, heard } = collect();

  for (const [sequence, arrivalMs] of [
    [5, 0],
    [7, 20],
    [6, 25],
    [8, 40],
  ] as const)
    buffer.push(packet(sequence, arrivalMs));

  expect(heard).toEqual([5, 6, 7, 8]);
  expect(buffer.late).toBe(0);
});

test('a hole is waited for no longer than the depth, by arrivals or by the clock', () => {
  const { buffer, heard } = collect();
  buffer.push(packet(5, 0));
  buffer.push(packet(7, 20));

  buffer.flush(99_000);
  expect(heard).toEqual([5]);
  buffer.flush(100_000);

  expect(heard).toEqual([5, 7]);
});

test('what comes after its place was given up is dropped and counted', () => {
  const { buffer, heard } = collect();
  buffer.push(packet(5, 0));
  buffer.push(packet(7, 20));
  buffer.flush(100_000);

  buffer.push(packet(6, 101));
  buffer.push(packet(7, 102));

  expect(heard).toEqual([5, 7]);
  expect(buffer.late).toBe(2);
});

test('a duplicate of a waiting packet is dropped', () => {
  const { buffer, heard } = collect();

  for (const sequence of [5, 7, 7, 6]) buffer.push(packet(sequence, 0));

  expect(heard).toEqual([5, 6, 7]);
  expect(buffer.late).toBe(1);
});

test('it holds no more packets than it may, however many come', () => {
  const { buffer, heard } = collect();
  buffer.push(packet(0, 0));

  for (let n = 1; n <= 100; n += 1) buffer.push(packet(n * 2, 1));

  expect(heard.length).toBeGreaterThanOrEqual(100 - OPTIONS.maxPackets);
});

test('a new source plays out the old one first, and its stragglers do not bring it back', () => {
  const { buffer, heard } = collect();
  buffer.push(packet(5, 0));
  buffer.push(packet(7, 10));

  buffer.push(packet(900, 20, 2));
  buffer.push(packet(8, 25, 1));
  buffer.push(packet(901, 40, 2));

  expect(heard).toEqual([5, 7, 900, 901]);
  expect(buffer.late).toBe(1);
});

test('a sender that begins its numbering anew is believed when it says so twice', () => {
  const { buffer, heard } = collect();
  buffer.push(packet(70_000, 0));

  buffer.push(packet(10, 20));
  buffer.push(packet(11, 40));
  buffer.push(packet(12, 60));

  expect(heard).toEqual([70_000, 11, 12]);
});

test('from one source, nothing is delivered twice and, but for a restart, nothing out of order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ sequence: fc.nat({ max: 90 }), waitMs: fc.nat({ max: 30 }) })), (steps) => {
      const { buffer, heard } = collect();
      let nowMs = 0;
      for (const { sequence, waitMs } of steps) {
        nowMs += waitMs;
        buffer.push(packet(sequence, nowMs));
      }
      buffer.drain();

      expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
      expect(heard.length + buffer.late).toBe(steps.length);
    }),
  );
});
