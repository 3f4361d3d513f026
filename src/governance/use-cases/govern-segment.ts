/**
 * A recogniser said something: it is redacted over the joined text of its leg, for each reader under his own plan, and
 * gathers into turns to be released.
 */

import type { LegId, TenantId } from '../../base/ids.ts';
import type { Segment } from '../../model/transcript.ts';
import { KEPT, type DueRelease, type Reader } from '../conversation/conversation.ts';
import type { Redacted } from '../redaction/redaction.ts';
import { currentReaders, type LiveCall } from './live-calls.ts';
import { isSaidInWindow } from './pci-state.ts';
import { heedSignals } from './pci-window.ts';
import type { Deps } from './ports.ts';
import { previewSegment } from './preview-segment.ts';
import { recordGap } from './record-gap.ts';
import { isHeeded, isKept, redactLeg } from './redact-leg.ts';
import { releaseTurn } from './release-turn.ts';
import { KEPT_PLAN } from './text-plans.ts';

/** Takes one segment; work of a call is done in order. What comes faster than it can be redacted is withheld, aloud. */
export function governSegment(deps: Deps, segment: Segment): void {
  const call = deps.calls.get(segment.call);
  if (call === undefined) return;
  publishSegment(deps, call.tenant.id, segment);
  if (!isHeeded(deps, call, segment.leg)) {
    call.behind.add(segment.leg);
    return;
  }
  if (!segment.final) {
    previewSegment(deps, call, segment);
    return;
  }
  const isBehind = call.behind.delete(segment.leg);
  if (call.segments.add(() => redactSegment(deps, call, segment, { isBehind }))) return;
  call.behind.add(segment.leg);
  const { stream, startMs: fromMs, endMs: toMs } = segment;
  recordGap(deps, call, { stream, reason: 'queue_overflow', fromMs, toMs });
}

/**
 * Releases every turn that a pause has ended, and what a leg that fell silent still held to whoever is given parts of
 * turns. Called every few hundred ms.
 */
export function endTurnsByPause(deps: Deps): void {
  for (const call of deps.calls.all()) {
    for (const { leg, nowMs } of call.conversation.turnsGoneQuiet()) {
      if (currentReaders(call, leg).every(({ partials }) => partials === 'off')) continue;
      call.segments.add(async () => take(deps, call, leg, await deps.redaction.advance(call.call, leg, nowMs)));
    }
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

async function redactSegment(
  deps: Deps,
  call: LiveCall,
  segment: Segment,
  { isBehind }: { readonly isBehind: boolean },
): Promise<void> {
  const { leg } = segment;
  // It may have waited for an answer to who may read it, and that may be nobody.
  if (!isHeeded(deps, call, leg)) {
    call.behind.add(leg);
    return;
  }
  const stream = call.streams.get(segment.stream);
  if (isBehind && stream !== undefined) redactLeg(deps, call, stream, { isBehind });
  const { conversation } = call;
  for (const ended of conversation.turnsEndedBy(segment)) await endTurn(deps, call, ended);
  conversation.hear(segment);
  take(deps, call, leg, await deps.redaction.push(segment));
}

async function endTurn(deps: Deps, call: LiveCall, leg: LegId): Promise<void> {
  take(deps, call, leg, await deps.redaction.settle(call.call, leg));
  passOn(deps, call, call.conversation.endTurn(leg));
}

/** What was noticed comes first: what is released may depend on it. */
function take(deps: Deps, call: LiveCall, leg: LegId, redacted: Redacted): void {
  if (redacted.kind === 'withheld') return;
  heedSignals(deps, call, leg, redacted.signals);
  passOn(deps, call, call.conversation.add(leg, redacted.texts, readersOf(deps, call, leg)));
}

function readersOf(deps: Deps, call: LiveCall, leg: LegId): readonly Reader[] {
  const stream = [...call.streams.values()].find((candidate) => candidate.leg === leg);
  const readers: Reader[] = currentReaders(call, leg).map(({ processor, planName, partials }) => ({
    name: processor.id,
    plan: planName,
    inParts: partials !== 'off',
    fromMs: stream?.readableFromMs.get(processor.id) ?? 0,
  }));
  const kept: Reader = { name: KEPT, plan: KEPT_PLAN, inParts: false, fromMs: 0 };
  return isKept(deps, call) ? [...readers, kept] : readers;
}

/** To be kept and to whoever may read it, neither waiting for the other. What nobody might hear is not kept either. */
function passOn(deps: Deps, call: LiveCall, due: readonly DueRelease[]): void {
  for (const { reader, release } of due) {
    if (reader !== KEPT) releaseTurn(deps, call, reader, release);
    else if (!isSaidInWindow(call, release.leg, release)) deps.transcripts?.keep(call, release);
  }
}

/** Counts and times only: what was said is nobody's to see before it is redacted. */
function publishSegment(deps: Deps, tenant: TenantId, segment: Segment): void {
  const { call, leg, stream, processor, final, text, startMs, endMs } = segment;
  deps.metrics.counter('earshot_segments_total', { final: String(final) }).add();
  deps.publish({ kind: 'segment', call, tenant, leg, stream, processor, final, chars: text.length, startMs, endMs });
}
