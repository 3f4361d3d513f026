import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { onInterrupt } from '../../src/cli/signals.ts';

// A signal that nobody else in a test run listens to; emitted, not sent.
const SIGNAL = 'SIGUSR2';

afterEach(() => vi.restoreAllMocks());

test('one Ctrl-C that arrives more than once stops once and ends nothing early', () => {
  const { clock, stop, exit, release } = listen();

  process.emit(SIGNAL);
  clock.advance(300);
  process.emit(SIGNAL);
  process.emit(SIGNAL);

  expect(stop).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
  release();
});

test('pressed again later it ends the process at once', () => {
  const { clock, stop, exit, release } = listen();

  process.emit(SIGNAL);
  clock.advance(1500);
  process.emit(SIGNAL);

  expect(stop).toHaveBeenCalledTimes(1);
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  release();
});

test('when there is nothing left to stop, signals are no longer ours', () => {
  const { stop, release } = listen();

  release();
  process.emit(SIGNAL);

  expect(stop).not.toHaveBeenCalled();
  expect(process.listenerCount(SIGNAL)).toBe(0);
});

function listen() {
  const clock = new ManualClock();
  const stop = vi.fn();
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  return { clock, stop, exit, release: onInterrupt({ signals: [SIGNAL], clock, stop }) };
}
