/** A call ends: hearing stops, what was said last is still released, every account is settled, and the call is closed. */

import type { CallId } from '../../base/ids.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { settleFeed, silenceStream } from './silence-stream.ts';

/** Time for last recognitions, redaction and the answer they lead to. */
const LAST_WORDS_MS = 8000;
const POLL_MS = 50;

/** Ends one call; `finishTurns` releases what is still held of it. Resolves when the call is forgotten. */
export async function endCall(
  deps: Deps,
  id: CallId,
  reason: string,
  finishTurns: (call: LiveCall) => Promise<void>,
): Promise<void> {
  const call = deps.calls.get(id);
  if (call === undefined || call.endReason !== undefined) return;
  call.endReason = reason;
  for (const stream of call.streams.values()) silenceStream(deps, stream, 'end');
  await untilSettled(deps, call);
  await finishTurns(call);
  closeCall(deps, call, reason);
}

/** Feeds tell their account when their processor has said its last; those that do not in time are unknown. */
async function untilSettled(deps: Deps, call: LiveCall): Promise<void> {
  const deadlineUs = deps.clock.monoUs() + LAST_WORDS_MS * 1000;
  while (hasOpenFeeds(call) && deps.clock.monoUs() < deadlineUs) {
    await new Promise<void>((resolve) => {
      deps.clock.after(POLL_MS, resolve);
    });
  }
  for (const stream of call.streams.values()) {
    for (const feed of [...stream.feeds.values()]) {
      settleFeed(deps, call, stream, feed, { reason: 'end', use: 'unknown' });
    }
  }
}

function hasOpenFeeds(call: LiveCall): boolean {
  return [...call.streams.values()].some((stream) => stream.feeds.size > 0);
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
