/** Calls at a steady pace without drift: each turn is due at start + n × period, however late the one before came. */

import type { Cancel, Clock } from '../../base/clock.ts';

/** Turns missed by more than this are made up for at once and no further; the rest are skipped, as a phone would. */
const MAX_CATCH_UP = 50;

/** Calls `onTurn(n)` for n = 0, 1, 2 … every `periodUs` from now on, the first one at once, until cancelled. */
export function startPacer(clock: Clock, periodUs: number, onTurn: (turn: number) => void): Cancel {
  let startUs = clock.monoUs();
  let turn = 0;
  let isRunning = true;
  let cancelTimer: Cancel = () => undefined;

  const run = (): void => {
    const late = Math.floor((clock.monoUs() - startUs) / periodUs) - turn;
    if (late > MAX_CATCH_UP) startUs += (late - MAX_CATCH_UP) * periodUs;
    while (isRunning && startUs + turn * periodUs <= clock.monoUs()) onTurn(turn++);
    if (!isRunning) return;
    const waitUs = startUs + turn * periodUs - clock.monoUs();
    cancelTimer = clock.after(Math.max(1, Math.ceil(waitUs / 1000)), run);
  };

  run();
  return () => {
    isRunning = false;
    cancelTimer();
  };
}
