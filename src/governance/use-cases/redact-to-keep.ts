/** A leg that nobody may read is still redacted where its call is kept: raw text is never sealed either. */

import { strictestPlan } from './grant-text.ts';
import { isOver, type LiveCall, type LiveStream } from './live-calls.ts';
import type { LegId } from '../../base/ids.ts';
import type { Deps } from './ports.ts';

/** Asks whether the call is kept, once, and opens the redaction of this leg if nobody else has. Never rejects. */
export async function redactToKeep(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const { transcripts } = deps;
  if (transcripts === undefined) return;
  await transcripts.begin(deps, call);
  const { leg } = stream;
  if (!transcripts.keeps(call.call) || hasReaders(call, leg) || isOver(call)) return;
  const resumed = call.isResumed || stream.feeds.size > 0;
  deps.redaction.open(call.call, leg, { tenant: call.tenant.id, plan: strictestPlan([]), resumed });
}

/** Whether anything becomes of what the leg says; if not it is not even redacted. */
export function isHeeded(deps: Deps, call: LiveCall, leg: LegId): boolean {
  const isAskedAnew = (call.askedAnew.get(leg) ?? 0) > 0;
  return hasReaders(call, leg) || isAskedAnew || deps.transcripts?.keeps(call.call) === true;
}

function hasReaders(call: LiveCall, leg: LegId): boolean {
  return (call.textGrants.get(leg) ?? []).length > 0;
}
