/** A call ends: hearing stops, what was said last is still released, every account is settled, and the call is closed. */

import type { CallId } from '../../base/ids.ts';
import { finishTurns } from './govern-segment.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { settleFeed, silenceStream } from './silence-stream.ts';

/** Time for last recognitions, redaction and the answer they lead to. */
const LAST_WORDS_MS = 12_000;
/** Time for the answers to the last releases. */
const ANSWERS_MS = 12_000;
const POLL_MS = 50;

/** Ends one call. Resolves when everything about it is recorded and it is forgotten. */
export async function endCall(deps: Deps, id: CallId, reason: string): Promise<void> {
  const call = deps.calls.get(id);
  if (call === undefined || call.endReason !== undefined) return;
  call.endReason = reason;
  for (const stream of call.streams.values()) silenceStream(deps, call, stream, 'end');
  await within(deps, LAST_WORDS_MS, () => isQuiet(call));
  settleTheRest(deps, call);
  await Promise.race([finishTurns(deps, call), delay(deps, ANSWERS_MS)]);
  closeCall(deps, call, reason);
}

/** Every account told, and no processor with words still to say. */
function isQuiet(call: LiveCall): boolean {
  return call.finishing.size === 0 && [...call.streams.values()].every((stream) => stream.feeds.size === 0);
}

/** An account that was not told in time is unknown. */
function settleTheRest(deps: Deps, call: LiveCall): void {
  for (const stream of call.streams.values()) {
    for (const feed of [...stream.feeds.values()]) {
      settleFeed(deps, call, stream, feed, { reason: 'end', use: 'unknown' });
    }
  }
}

async function within(deps: Deps, limitMs: number, isDone: () => boolean): Promise<void> {
  const deadlineUs = deps.clock.monoUs() + limitMs * 1000;
  while (!isDone() && deps.clock.monoUs() < deadlineUs) await delay(deps, POLL_MS);
}

function delay(deps: Deps, ms: number): Promise<void> {
  return new Promise((resolve) => {
    deps.clock.after(ms, resolve);
  });
}

function closeCall(deps: Deps, call: LiveCall, reason: string): void {
  deps.redaction.close(call.call);
  deps.ledger.note(call.tenant.id, {
    kind: 'call.close',
    call: call.call,
    reason,
    duration_ms: Math.max(0, deps.clock.wallMs() - call.fact.startedWallMs),
    heard_by: [...call.heard].slice(0, 16).map(([processor, { leases, bytes }]) => ({ processor, leases, bytes })),
  });
  deps.publish({ kind: 'call', call: call.call, tenant: call.tenant.id, state: 'ended', reason });
  deps.calls.remove(call);
}
