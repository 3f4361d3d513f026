/**
 * A leg that nobody may read is still redacted where its call is kept, as raw text is never sealed either, and where card
 * data is listened for, as those who hear its audio must be cut off before it is said.
 */

import { isOver, type LiveCall, type LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { isKept, redactLeg } from './redact-leg.ts';

/** Asks whether the call is kept, once, and begins the leg's redaction for whatever else needs it. Never rejects. */
export async function redactToKeep(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  await deps.transcripts?.begin(deps, call);
  const isWanted = isKept(deps, call) || call.tenant.redaction.pci.enabled;
  if (isWanted && !isOver(call)) redactLeg(deps, call, stream);
}
