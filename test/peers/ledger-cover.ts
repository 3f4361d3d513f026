/** Holds what a processor was given, message by message, against what the ledger had granted by then. */

import type { Entry } from '../../src/model/evidence.ts';
import { ofKind } from '../journeys/support/stage.ts';
import type { Delivery } from '../journeys/support/moody-recogniser.ts';

/** Bytes of the worst moment that no lease of `processor`, opened or renewed by then, had room for. */
export function uncoveredBytes(deliveries: readonly Delivery[], entries: readonly Entry[], processor: string): number {
  const steps = entries
    .filter(isOfLease)
    .filter((step) => step.processor === processor)
    .sort((one, other) => one.at_ms - other.at_ms);
  const room = new Map<string, number>();
  let given = 0;
  let worst = 0;
  let next = 0;
  for (const { atMs, bytes } of deliveries) {
    for (let step = steps[next]; step && step.at_ms <= atMs; step = steps[++next]) {
      room.set(step.lease, roomOf(step));
    }
    given += bytes;
    worst = Math.max(worst, given - [...room.values()].reduce((sum, most) => sum + most, 0));
  }
  return worst;
}

type OfLease = Extract<Entry, { kind: 'lease.open' | 'lease.renew' | 'lease.close' }>;

function isOfLease(entry: Entry): entry is OfLease {
  return entry.kind === 'lease.open' || entry.kind === 'lease.renew' || entry.kind === 'lease.close';
}

/** A closed lease has room for what it says it sent, and not a byte more. */
function roomOf(step: OfLease): number {
  return step.kind === 'lease.close' && step.bytes !== 'unknown' ? step.bytes : step.max_bytes;
}

/** What the closed leases of a processor say it was sent: at least, and at most where some of them cannot know. */
export function accountOf(
  entries: readonly Entry[],
  processor: string,
): { readonly least: number; readonly most: number } {
  const closes = ofKind(entries, 'lease.close').filter((close) => close.processor === processor);
  return {
    least: closes.reduce((sum, { bytes }) => sum + (bytes === 'unknown' ? 0 : bytes), 0),
    most: closes.reduce((sum, { bytes, max_bytes: maxBytes }) => sum + (bytes === 'unknown' ? maxBytes : bytes), 0),
  };
}
