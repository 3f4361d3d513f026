/** What a person's Ctrl-C means: stop in order once; asked again, end at once and leave the rest to the next start. */

import type { Clock } from '../base/clock.ts';

/**
 * One Ctrl-C may reach us several times, from the terminal and passed on by npm and the bootstrap; within this time it
 * is the same one.
 */
const SAME_PRESS_MS = 1000;
const INTERRUPTED = 130;

/** Calls `stop` on the first of `signals`. Call the result when there is nothing left to stop. */
export function onInterrupt(options: {
  readonly signals: readonly NodeJS.Signals[];
  readonly clock: Clock;
  readonly stop: () => void;
}): () => void {
  const { signals, clock, stop } = options;
  let firstUs: number | undefined;
  const onSignal = (): void => {
    if (firstUs === undefined) {
      firstUs = clock.monoUs();
      stop();
    } else if (clock.monoUs() - firstUs > SAME_PRESS_MS * 1000) {
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
