import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timeline, type Placement, type TimedPacket } from '../../../src/governance/audio/timeline.ts';

const SPAN = { clockRateHz: 8000, durationUs: 20_000, isAudible: true };
const ORIGIN_US = 5_000_000;

/** The `n`th packet of a 20 ms stream; fields given replace what would be expected. */
function packet(n: number, changes: Partial<TimedPacket> = {}): TimedPacket {
  return {
    arrivalUs: ORIGIN_US + n * 20_000,
    ssrc: 1,
    extendedSequence: 70_000 + n,
    rtpTimestamp: (4_294_967_000 + n * 160) >>> 0,
    ...changes,
  };
}

function placeAll(timeline: Timeline, packets: readonly TimedPacket[]): (Placement | undefined)[] {
  return packets.map((each) => timeline.place(each, SPAN));
}

test('packets in sequence follow one another, through a wrap of the timestamp', () => {
  const placements = placeAll(new Timeline(ORIGIN_US), [packet(0), packet(1), packet(2)]);

  expect(placements.map((placement) => placement?.startMs)).toEqual([0, 20, 40]);
  expect(placements.every((placement) => placement?.before === 'nothing')).toBe(true);
});

test('a tap that opens late starts where its first packet arrived', () => {
  const timeline = new Timeline(ORIGIN_US);

  const first = timeline.place(packet(0, { arrivalUs: ORIGIN_US + 1_234_500 }), SPAN);

  expect(first).toEqual({ before: 'nothing', beforeMs: 1234.5, startMs: 1234.5, endMs: 1254.5 });
});

test('a second tap of a stream does not go back behind the first', () => {
  const timeline = new Timeline(ORIGIN_US, 500);

  expect(timeline.place(packet(0), SPAN)?.startMs).toBe(500);
});

test('a timestamp that jumps in contiguous sequence is silence', () => {
  const [, second] = placeAll(new Timeline(ORIGIN_US), [
    packet(0),
    packet(1, { rtpTimestamp: packet(50).rtpTimestamp, arrivalUs: packet(50).arrivalUs }),
  ]);

  expect(second).toEqual({ before: 'silence', beforeMs: 20, startMs: 1000, endMs: 1020 });
});

test('a hole in the sequence is loss, as long as the timestamps say', () => {
  const [, second] = placeAll(new Timeline(ORIGIN_US), [packet(0), packet(4)]);

  expect(second).toEqual({ before: 'lost', beforeMs: 20, startMs: 80, endMs: 100 });
});

test('a hole that the tap reported is its overflow, and only that hole', () => {
  const timeline = new Timeline(ORIGIN_US);
  timeline.place(packet(0), SPAN);
  timeline.noteDropped(3);

  const overflowed = timeline.place(packet(4), SPAN);
  const lost = timeline.place(packet(6), SPAN);

  expect(overflowed?.before).toBe('tap_overflow');
  expect(lost?.before).toBe('lost');
});

test('packets without audio take a sequence number and no time', () => {
  const timeline = new Timeline(ORIGIN_US);
  timeline.place(packet(0), SPAN);

  timeline.skip(packet(1));
  const next = timeline.place(packet(2), SPAN);

  expect(next).toMatchObject({ before: 'silence', startMs: 40 });
});

test('a new SSRC is placed by its arrival and marked', () => {
  const [, , other] = placeAll(new Timeline(ORIGIN_US), [
    packet(0),
    packet(1),
    packet(10, { ssrc: 2, extendedSequence: 9, rtpTimestamp: 77 }),
  ]);

  expect(other).toEqual({ before: 'restart', beforeMs: 40, startMs: 200, endMs: 220 });
});

test.each([
  ['far forward', 0x4000_0000],
  ['backward', -800_000],
])('a timestamp that jumps %s is not believed but placed by arrival', (_name, ticks) => {
  const [, second] = placeAll(new Timeline(ORIGIN_US), [
    packet(0),
    packet(1, { rtpTimestamp: (packet(1).rtpTimestamp + ticks) >>> 0 }),
  ]);

  expect(second).toMatchObject({ before: 'restart', startMs: 20 });
});

test('what cannot be decoded leaves a hole of that name', () => {
  const timeline = new Timeline(ORIGIN_US);
  timeline.place(packet(0), SPAN);
  timeline.place(packet(1), { clockRateHz: 8000, durationUs: 0, isAudible: false });

  const next = timeline.place(packet(2), SPAN);

  expect(next).toEqual({ before: 'undecodable', beforeMs: 20, startMs: 40, endMs: 60 });
});

test('a sender faster than time is cut off at a few seconds ahead, and what it lost is marked', () => {
  const timeline = new Timeline(ORIGIN_US);
  const burst = Array.from({ length: 400 }, (_, n) => packet(n, { arrivalUs: ORIGIN_US }));

  const placed = placeAll(timeline, burst).filter((placement) => placement !== undefined);
  const later = timeline.place(packet(400, { arrivalUs: ORIGIN_US + 8_000_000 }), SPAN);

  expect(placed.length).toBe(251);
  expect(timeline.positionMs).toBe(8020);
  expect(later).toMatchObject({ before: 'lost', beforeMs: 5020, startMs: 8000 });
});

test('new sources without end do not drive the position ahead of time', () => {
  const timeline = new Timeline(ORIGIN_US);

  for (let n = 0; n < 1000; n += 1) timeline.place(packet(0, { ssrc: n }), SPAN);

  expect(timeline.positionMs).toBeLessThanOrEqual(5020);
});

test('whatever a sender writes, the position never goes back, nor far ahead of arrival', () => {
  const step = fc.record({
    ssrc: fc.integer({ min: 1, max: 2 }),
    sequence: fc.integer({ min: 0, max: 200_000 }),
    timestamp: fc.nat({ max: 0xffff_ffff }),
    waitMs: fc.nat({ max: 100 }),
    clockRateHz: fc.constantFrom(8000, 48_000),
    durationMs: fc.nat({ max: 500 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const timeline = new Timeline(0);
      let nowUs = 0;
      for (const { ssrc, sequence, timestamp, waitMs, clockRateHz, durationMs } of steps) {
        nowUs += waitMs * 1000;
        const beforeMs = timeline.positionMs;
        const time = { arrivalUs: nowUs, ssrc, extendedSequence: sequence, rtpTimestamp: timestamp };

        const placement = timeline.place(time, { clockRateHz, durationUs: durationMs * 1000, isAudible: true });

        expect(timeline.positionMs).toBeGreaterThanOrEqual(beforeMs);
        if (!placement) continue;
        expect(placement.startMs).toBeGreaterThanOrEqual(placement.beforeMs);
        expect(placement.startMs).toBeGreaterThanOrEqual(beforeMs);
        expect(placement.startMs).toBeLessThanOrEqual(nowUs / 1000 + 5000);
      }
    }),
  );
});
