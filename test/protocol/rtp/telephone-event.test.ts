import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  eventDuration,
  eventVolume,
  isEventEnd,
  LAST_DTMF_EVENT,
  telephoneEvent,
  TelephoneEvents,
} from '../../../src/protocol/rtp/telephone-event.ts';

function payload(event: number, duration: number, isEnd = false): Buffer {
  return Buffer.from([event, (isEnd ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
}

test('the four bytes are read, and fewer are none', () => {
  const bytes = Buffer.from([11, 0xbf, 0x12, 0x34]);

  expect(telephoneEvent(bytes)).toBe(11);
  expect(isEventEnd(bytes)).toBe(true);
  expect(eventVolume(bytes)).toBe(63);
  expect(eventDuration(bytes)).toBe(0x1234);
  expect(isEventEnd(Buffer.from([11, 0x7f, 0, 0]))).toBe(false);
  expect(telephoneEvent(bytes.subarray(0, 3))).toBe(-1);
  expect(LAST_DTMF_EVENT).toBe(15);
});

test('RFC 4733 §5: a dialled number is told key by key, its repetitions once', () => {
  // "911", the first key's end sent three times, the other two as in the example: timestamps 0, 11200 and 16000.
  const events = new TelephoneEvents();

  const told = [
    events.note(payload(9, 400), 0),
    events.note(payload(9, 800), 0),
    events.note(payload(9, 1600, true), 0),
    events.note(payload(9, 1600, true), 0),
    events.note(payload(9, 1600, true), 0),
    events.note(payload(1, 400), 11_200),
    events.note(payload(1, 2000, true), 11_200),
    events.note(payload(1, 400), 16_000),
  ];

  expect(told).toEqual(['begun', 'continued', 'ended', 'repeated', 'repeated', 'begun', 'ended', 'begun']);
  expect(events).toMatchObject({ event: 1, timestamp: 16_000, duration: 400 });
});

test('a press of which only the end came is told whole', () => {
  const events = new TelephoneEvents();

  expect(events.note(payload(5, 800, true), 160)).toBe('whole');
  expect(events.note(payload(5, 800, true), 160)).toBe('repeated');
  expect(events.duration).toBe(800);
});

test('late packets change nothing, whether of this press or of the one before', () => {
  const events = new TelephoneEvents();
  events.note(payload(5, 800), 1000);

  expect(events.note(payload(5, 400), 1000)).toBe('repeated');
  events.note(payload(6, 160), 5000);
  expect(events.note(payload(5, 960, true), 1000)).toBe('repeated');
  expect(events).toMatchObject({ event: 6, duration: 160 });
});

test('a press longer than one report is one press', () => {
  const events = new TelephoneEvents();

  expect(events.note(payload(3, 0xffff), 100)).toBe('begun');
  expect(events.note(payload(3, 160), 100 + 0xffff)).toBe('continued');
  expect(events.note(payload(3, 320, true), 100 + 0xffff)).toBe('ended');

  expect(events).toMatchObject({ event: 3, timestamp: 100, duration: 0xffff + 320 });
});

test('the same key after an end that was lost is another press, also through a wrap of the timestamp', () => {
  const events = new TelephoneEvents();

  expect(events.note(payload(3, 800), 0xffff_ff00)).toBe('begun');
  expect(events.note(payload(3, 160), 0x0000_4000)).toBe('begun');
});

test('a source far behind what it said before has begun anew', () => {
  const events = new TelephoneEvents();
  events.note(payload(3, 800, true), 0x7000_0000);

  expect(events.note(payload(3, 800), 5)).toBe('begun');
});

test('no payload makes it throw, and each press is told at most once', () => {
  const packet = fc.tuple(
    fc.uint8Array({ maxLength: 8 }),
    fc.nat(4).map((step) => step * 4000),
  );
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
      const events = new TelephoneEvents();

      for (const [bytes, timestamp] of packets) {
        const progress = events.note(bytes, timestamp);

        expect(progress === 'malformed').toBe(bytes.length < 4);
        expect(events.note(bytes, timestamp)).toBe(bytes.length < 4 ? 'malformed' : 'repeated');
      }
    }),
  );
});
