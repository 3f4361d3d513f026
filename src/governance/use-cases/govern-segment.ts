/** A recogniser said something: it is redacted over the joined text of its leg, and gathers into turns to be released. */

import type { LegId, TenantId } from '../../base/ids.ts';
import type { Release, Segment } from '../../model/transcript.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordGap } from './record-gap.ts';
import { isSaidInWindow } from './pci-state.ts';
import { isHeeded } from './redact-to-keep.ts';
import { releaseTurn } from './release-turn.ts';

/** Takes one segment; work of a call is done in order. What comes faster than it can be redacted is withheld, aloud. */
export function governSegment(deps: Deps, segment: Segment): void {
  const call = deps.calls.get(segment.call);
  if (call === undefined) return;
  publishSegment(deps, call.tenant.id, segment);
  if (!isHeeded(deps, call, segment.leg)) return;
  if (call.segments.add(() => redactSegment(deps, call, segment))) return;
  const { stream, startMs: fromMs, endMs: toMs } = segment;
  recordGap(deps, call, { stream, reason: 'queue_overflow', fromMs, toMs });
}

/** Releases every turn that a pause has ended. Called every few hundred ms. */
export function endTurnsByPause(deps: Deps): void {
  for (const call of deps.calls.all()) {
    for (const leg of call.conversation.turnsEndedByPause()) call.segments.add(() => endTurn(deps, call, leg));
  }
}

/** Releases what is held of every leg and waits for the answers: the call is over. */
export async function finishTurns(deps: Deps, call: LiveCall): Promise<void> {
  await call.segments.idle();
  for (const leg of call.conversation.speaking) await endTurn(deps, call, leg);
  await answersOf(call);
}

/** Resolves when everything released so far was answered or given up. */
export async function answersOf(call: LiveCall): Promise<void> {
  await Promise.all([...call.releases.values()].map((line) => line.idle()));
}

async function redactSegment(deps: Deps, call: LiveCall, segment: Segment): Promise<void> {
  // It may have waited for an answer to who may read it, and that may be nobody.
  if (!isHeeded(deps, call, segment.leg)) return;
  const { conversation } = call;
  for (const leg of conversation.turnsEndedBy(segment)) await endTurn(deps, call, leg);
  conversation.hear(segment);
  const redacted = await deps.redaction.push(segment);
  if (redacted.kind === 'withheld') return;
  const release = conversation.add(segment.leg, redacted.pieces);
  if (release !== undefined) passOn(deps, call, release);
}

async function endTurn(deps: Deps, call: LiveCall, leg: LegId): Promise<void> {
  const settled = await deps.redaction.settle(call.call, leg);
  const early = settled.kind === 'pieces' ? call.conversation.add(leg, settled.pieces) : undefined;
  if (early !== undefined) passOn(deps, call, early);
  const release = call.conversation.endTurn(leg);
  if (release !== undefined) passOn(deps, call, release);
}

/** To be kept and to whoever may read it, neither waiting for the other. What nobody might hear is not kept either. */
function passOn(deps: Deps, call: LiveCall, release: Release): void {
  if (!isSaidInWindow(call, release.leg, release)) deps.transcripts?.keep(call, release);
  releaseTurn(deps, call, release);
}

/** Counts and times only: what was said is nobody's to see before it is redacted. */
function publishSegment(deps: Deps, tenant: TenantId, segment: Segment): void {
  const { call, leg, stream, processor, final, text, startMs, endMs } = segment;
  deps.metrics.counter('earshot_segments_total', { final: String(final) }).add();
  deps.publish({ kind: 'segment', call, tenant, leg, stream, processor, final, chars: text.length, startMs, endMs });
}
