/**
 * Governance stops and calls go on: what is being released is cancelled, what was heard is accounted for, and the hole
 * that begins here is recorded while there is still a ledger to record it in.
 */

import { answersOf } from './govern-segment.ts';
import { closeWindow } from './pci-window.ts';
import type { Deps } from './ports.ts';
import { recordLastRefusals } from './record-decision.ts';
import { recordSilences, settleTheRest } from './silence-stream.ts';

const CANCEL_LIMIT_MS = 1000;

/** Call it when the audio workers have ended. Resolves when everything there is to say is queued for the ledger. */
export async function leaveCalls(deps: Deps): Promise<void> {
  const calls = deps.calls.all();
  for (const call of calls) {
    call.over.abort();
    settleTheRest(deps, call, 'governance_restart');
    closeWindow(deps, call, 'governance_restart');
    recordSilences(deps, call, { goesOn: true });
    recordLastRefusals(deps, call);
  }
  const limit = new Promise<void>((resolve) => {
    deps.clock.after(CANCEL_LIMIT_MS, resolve);
  });
  const left = calls.map((call) => Promise.all([answersOf(call), deps.transcripts?.leave(call)]));
  await Promise.race([Promise.all(left), limit]);
}
