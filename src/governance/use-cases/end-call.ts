/** A call ends: hearing stops, what was said last is still released, every account is settled, and the call is closed. */

import type { CallId } from '../../base/ids.ts';
import type { SignalingAccount } from '../../model/call.ts';
import { answersOf, finishTurns } from './govern-segment.ts';
import type { LiveCall } from './live-calls.ts';
import { closeWindow } from './pci-window.ts';
import type { Deps } from './ports.ts';
import { recordLastRefusals } from './record-decision.ts';
import { recordSilences, settleTheRest, silenceStream } from './silence-stream.ts';

/** Time for last recognitions, redaction and the answer they lead to. */
const LAST_WORDS_MS = 12_000;
/** Time for the answers to the last releases, and for what was cancelled to be recorded. */
const ANSWERS_MS = 12_000;
const CANCELLED_MS = 4000;
const POLL_MS = 50;

/** Ends one call. Resolves when everything about it is recorded and it is forgotten. */
export async function endCall(deps: Deps, id: CallId, reason: string, signaling?: SignalingAccount): Promise<void> {
  const call = deps.calls.get(id);
  if (call === undefined || call.end !== undefined) return;
  call.end = { reason, atUs: deps.clock.monoUs() };
  closeWindow(deps, call, 'end');
  recordSilences(deps, call);
  for (const stream of call.streams.values()) silenceStream(deps, call, stream, 'end');
  await within(deps, LAST_WORDS_MS, () => isQuiet(call));
  settleTheRest(deps, call, 'end');
  await Promise.race([finishTurns(deps, call), delay(deps, ANSWERS_MS)]);
  call.over.abort();
  recordSilences(deps, call);
  await Promise.all([
    Promise.race([answersOf(call), delay(deps, CANCELLED_MS)]),
    deps.transcripts?.finish(call) ?? Promise.resolve(),
  ]);
  closeCall(deps, call, reason, signaling);
}

/** Every account told, nobody about to hear, and no processor with words still to say. */
function isQuiet(call: LiveCall): boolean {
  const isAccounted = [...call.streams.values()].every((stream) => stream.feeds.size === 0);
  return isAccounted && call.arrangements === 0 && call.finishing.size === 0;
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

function closeCall(deps: Deps, call: LiveCall, reason: string, signaling: SignalingAccount | undefined): void {
  deps.redaction.close(call.call);
  recordLastRefusals(deps, call);
  deps.ledger.note(call.tenant.id, {
    kind: 'call.close',
    call: call.call,
    reason,
    duration_ms: Math.max(0, deps.clock.wallMs() - call.fact.startedWallMs),
    ...(signaling ? { signaling } : {}),
    heard_by: [...call.heard].slice(0, 16).map(([processor, { leases, bytes }]) => ({ processor, leases, bytes })),
  });
  deps.publish({ kind: 'call', call: call.call, tenant: call.tenant.id, state: 'ended', reason });
  deps.calls.remove(call);
}
