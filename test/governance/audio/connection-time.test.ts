import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionTime } from '../../../src/governance/audio/connection-time.ts';

test('times on a connection that began late are moved to the stream', () => {
  const time = new ConnectionTime();
  time.noteSent(10_000, 20);
  time.noteSent(10_020, 980);

  expect(time.startOnStream(0)).toBe(10_000);
  expect(time.endOnStream(500)).toBe(10_500);
});

test('a word before a hole ends before it, and the word after it begins after it', () => {
  const time = new ConnectionTime();
  time.noteSent(0, 1000);
  time.noteSent(61_000, 1000);

  expect(time.endOnStream(1000)).toBe(1000);
  expect(time.startOnStream(1000)).toBe(61_000);
  expect(time.endOnStream(1500)).toBe(61_500);
});

test('times outside of what was sent are drawn into it', () => {
  const time = new ConnectionTime();
  time.noteSent(2000, 500);

  expect(time.startOnStream(-5)).toBe(2000);
  expect(time.endOnStream(1e12)).toBe(2500);
  expect(time.endOnStream(Number.MAX_VALUE)).toBe(2500);
});

test('before anything was sent there is only the beginning', () => {
  expect(new ConnectionTime().endOnStream(5)).toBe(0);
});

test('it forgets the oldest holes and stays within the stream', () => {
  const time = new ConnectionTime();
  for (let n = 0; n < 5000; n += 1) time.noteSent(n * 100, 20);

  expect(time.startOnStream(0)).toBeGreaterThan(0);
  expect(time.startOnStream(99_980)).toBe(499_900);
});

test('the order of times is kept', () => {
  const sends = fc.array(fc.record({ skipMs: fc.nat({ max: 2000 }), lengthMs: fc.integer({ min: 1, max: 500 }) }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(sends, fc.nat({ max: 20_000 }), fc.nat({ max: 20_000 }), (steps, a, b) => {
      const time = new ConnectionTime();
      let atMs = 0;
      for (const { skipMs, lengthMs } of steps) {
        time.noteSent(atMs + skipMs, lengthMs);
        atMs += skipMs + lengthMs;
      }
      const [early, late] = a < b ? [a, b] : [b, a];

      expect(time.startOnStream(early)).toBeLessThanOrEqual(time.startOnStream(late));
      expect(time.endOnStream(early)).toBeLessThanOrEqual(time.startOnStream(early));
      expect(time.endOnStream(late)).toBeLessThanOrEqual(atMs);
    }),
  );
});
