import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { Deadlines } from '../../../src/call/signaling/deadlines.ts';

test('alarms ring in the order of their time, whatever was set, moved and cleared before', () => {
  const step = fc.record({ alarm: fc.nat(9), at: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: Infinity }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new ManualClock({ monoUs: 0 });
      const deadlines = new Deadlines(clock);
      const rang: number[] = [];
      const alarms = Array.from({ length: 10 }, (_, index) => deadlines.alarm(() => rang.push(index)));
      const expected = new Map<number, number>();

      for (const { alarm, at } of steps) {
        deadlines.set(alarms[alarm]!, at);
        if (at === Infinity) expected.delete(alarm);
        else expected.set(alarm, at);
      }
      clock.advance(1001);

      expect([...rang].sort()).toEqual([...expected.keys()].sort());
      const times = rang.map((index) => expected.get(index) ?? -1);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});

test('an alarm may set itself again while it rings', () => {
  const clock = new ManualClock({ monoUs: 0 });
  const deadlines = new Deadlines(clock);
  const rang: number[] = [];
  const alarm = deadlines.alarm((nowMs) => {
    rang.push(nowMs);
    if (rang.length < 3) deadlines.set(alarm, nowMs + 100);
  });
  deadlines.set(alarm, 50);

  clock.advance(1000);

  expect(rang).toEqual([50, 150, 250]);
});

test('after stop nothing rings', () => {
  const clock = new ManualClock({ monoUs: 0 });
  const deadlines = new Deadlines(clock);
  let rang = 0;
  deadlines.set(
    deadlines.alarm(() => (rang += 1)),
    10,
  );

  deadlines.stop();
  clock.advance(100);

  expect(rang).toBe(0);
});
