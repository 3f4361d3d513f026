/**
 * Contestants take turns, so that whatever else the machine does meets all of them alike: one round that is not
 * counted, to warm up, then `rounds` that are, each in the opposite order of the last.
 */

import { setImmediate as breathe } from 'node:timers/promises';

/** Rejects with the signal's reason between two turns. Gives every contestant's measures, one per round. */
export async function inTurns<Name extends string, Measure>(
  { rounds, signal }: { readonly rounds: number; readonly signal: AbortSignal },
  contestants: Readonly<Record<Name, () => Measure | Promise<Measure>>>,
): Promise<Record<Name, Measure[]>> {
  const names = Object.keys(contestants) as Name[];
  const measures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Measure[]>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await breathe();
      signal.throwIfAborted();
      const measure = await contestants[name]();
      if (round > 0) measures[name].push(measure);
    }
  }
  return measures;
}
