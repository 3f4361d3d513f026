import { expect, test } from 'vitest';
import { DtmfEvents } from '../../../../src/call/media/worker/dtmf-events.ts';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';
import { rig } from './rig.ts';
import { CALLEE, CALLEE_STREAM, CALLER, session } from './states.ts';

const MS = 1000;

/** A telephone-event packet; `end` sets its end bit. */
function key({ timestamp = 1000, duration = 160, end = false, sequence = 1, ssrc = 5, digit = 7 } = {}): Buffer {
  const payload = Buffer.of(digit, end ? 0x8a : 0x0a, duration >> 8, duration & 0xff);
  return rtpPacket({ payloadType: 101, timestamp, sequence, ssrc, payload });
}

function note(events: DtmfEvents, packet: Buffer, atUs: number): [number, number] | undefined {
  return events.note(packet, 8000, atUs) ? [events.atUs, events.durationMs] : undefined;
}

test('a key press is told once, at its end, with when it began and how long it was', () => {
  const events = new DtmfEvents();

  const told = [
    note(events, key({ duration: 160 }), 10 * MS),
    note(events, key({ duration: 320 }), 30 * MS),
    note(events, key({ duration: 640, end: true }), 50 * MS),
    note(events, key({ duration: 640, end: true }), 51 * MS),
    note(events, key({ duration: 640, end: true }), 52 * MS),
  ];

  expect(told).toEqual([undefined, undefined, [10 * MS, 80], undefined, undefined]);
});

test('the same key twice is two presses, a late packet of the first is none', () => {
  const events = new DtmfEvents();

  const told = [
    note(events, key({ timestamp: 1000, end: true, duration: 800 }), 0),
    note(events, key({ timestamp: 9000, duration: 80 }), 100 * MS),
    note(events, key({ timestamp: 1000, end: true, duration: 800 }), 101 * MS),
    note(events, key({ timestamp: 9000, end: true, duration: 400 }), 150 * MS),
  ];

  expect(told).toEqual([[0, 100], undefined, undefined, [100 * MS, 50]]);
});

test('an event whose end was lost is told when the next begins, or after a second of silence', () => {
  const events = new DtmfEvents();

  note(events, key({ timestamp: 1000, duration: 800 }), 0);
  expect(note(events, key({ timestamp: 9000, duration: 80 }), 500 * MS)).toEqual([0, 100]);
  expect(events.expire(1400 * MS)).toBe(false);
  expect(events.expire(1500 * MS)).toBe(true);
  expect([events.atUs, events.durationMs]).toEqual([500 * MS, 10]);
  expect(events.expire(9999 * MS)).toBe(false);
});

test('timestamps wrap', () => {
  const events = new DtmfEvents();
  note(events, key({ timestamp: 0xffff_ff00, end: true }), 0);

  expect(note(events, key({ timestamp: 0x100, end: true }), 1)).toBeDefined();
});

test('fifty a second are told, the rest is counted', () => {
  const events = new DtmfEvents();
  let told = 0;

  for (let at = 0; at < 200; at++) if (note(events, key({ timestamp: at * 10, end: true }), at * MS)) told += 1;

  expect(told).toBe(50);
  expect(events.takeUntold()).toBe(150);
  expect(events.takeUntold()).toBe(0);
  expect(note(events, key({ timestamp: 99_999, end: true }), 1001 * MS)).toBeDefined();
});

test('what is too short to be an event is none', () => {
  const events = new DtmfEvents();

  expect(note(events, rtpPacket({ payloadType: 101, payload: Buffer.of(7, 0x8a, 1) }), 0)).toBeUndefined();
});

test('which key it was is nowhere to be found', () => {
  const told = (digit: number) => {
    const events = new DtmfEvents();
    note(events, key({ digit, end: true }), 7);
    return JSON.stringify(events);
  };

  expect(told(1)).toBe(told(9));
});

test('a leg tells presses of its own, in active branches, and relays their packets as they are', () => {
  const { caller, callee, pressed, session: running } = rig(session());

  callee.receive(key({ duration: 800, end: true }), CALLEE, 50 * MS);
  callee.receive(key({ timestamp: 5000, duration: 160, sequence: 2 }), CALLEE, 90 * MS);
  caller.receive(rtpPacket(), CALLER);
  running.sweep(90 * MS);
  running.sweep(1090 * MS);

  expect(pressed).toEqual([
    { stream: CALLEE_STREAM, atUs: 50 * MS, durationMs: 100 },
    { stream: CALLEE_STREAM, atUs: 90 * MS, durationMs: 20 },
  ]);
  expect(caller.sent.map(({ bytes }) => bytes[12])).toEqual([7, 7]);
});
