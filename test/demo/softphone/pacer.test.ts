import { expect, test } from 'vitest';
import { ManualClock, type Cancel, type Clock } from '../../../src/base/clock.ts';
import { startPacer } from '../../../src/demo/softphone/pacer.ts';

test('turns come at start + n × period, the first at once', () => {
  const clock = new ManualClock();
  const times: number[] = [];
  const startUs = clock.monoUs();

  const stop = startPacer(clock, 20_000, () => times.push((clock.monoUs() - startUs) / 1000));
  clock.advance(100);
  stop();
  clock.advance(100);

  expect(times).toEqual([0, 20, 40, 60, 80, 100]);
});

test('timers that come late do not add up', () => {
  const manual = new ManualClock();
  const late: Clock = {
    wallMs: () => manual.wallMs(),
    monoUs: () => manual.monoUs(),
    after: (delayMs: number, task: () => void): Cancel => manual.after(delayMs + 7, task),
    every: (intervalMs: number, task: () => void): Cancel => manual.every(intervalMs, task),
  };
  let turns = 0;

  startPacer(late, 20_000, () => (turns += 1));
  manual.advance(20_000);

  expect(turns).toBe(1000);
});

test('after a long standstill a second is made up for and the rest let go', () => {
  const manual = new ManualClock();
  let isFirst = true;
  const stalled: Clock = {
    wallMs: () => manual.wallMs(),
    monoUs: () => manual.monoUs(),
    after: (delayMs: number, task: () => void): Cancel => {
      const stallMs = isFirst ? 60_000 : 0;
      isFirst = false;
      return manual.after(delayMs + stallMs, task);
    },
    every: (intervalMs: number, task: () => void): Cancel => manual.every(intervalMs, task),
  };
  let turns = 0;

  startPacer(stalled, 20_000, () => (turns += 1));
  manual.advance(60_020);
  expect(turns).toBe(52);
  manual.advance(200);

  expect(turns).toBe(62);
});

test('a pacer stopped in its own turn stops', () => {
  const clock = new ManualClock();
  let turns = 0;

  const stop = startPacer(clock, 20_000, () => {
    turns += 1;
    if (turns === 2) stop();
  });
  clock.advance(1000);

  expect(turns).toBe(2);
});
