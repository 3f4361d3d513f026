/**
 * A recogniser said something it may still take back: signals of card data are heeded at once, and the redacted words are
 * shown to whoever watches. No AI processor is ever given them: what goes there can no longer change.
 */

import type { LegId } from '../../base/ids.ts';
import type { Piece, Segment } from '../../model/transcript.ts';
import { currentReaders, type LegRedaction, type LiveCall } from './live-calls.ts';
import { isSaidInWindow } from './pci-state.ts';
import { heedSignals } from './pci-window.ts';
import type { Deps } from './ports.ts';
import { redactLeg } from './redact-leg.ts';
import { isSilenced } from './silence-stream.ts';
import { previewPlanOf, type PreviewPlan } from './text-plans.ts';

/** One leg is shown no more often than this: a person reads no faster. */
const PREVIEW_EVERY_MS = 250;

/**
 * Redacts a partial result in the leg's order, without anything waiting for it: of those that wait the newest alone is
 * worth it, and one that gets no turn is dropped.
 */
export function previewSegment(deps: Deps, call: LiveCall, segment: Segment): void {
  call.conversation.hear(segment);
  const { leg } = segment;
  const redaction = call.redaction.get(leg);
  if (redaction === undefined) return;
  const isWaiting = redaction.waiting !== undefined;
  redaction.waiting = segment;
  if (isWaiting) return;
  const isTaken = call.segments.add(() => {
    // Card data that goes on where nobody was heard is not waited for until the recogniser is done with it.
    const stream = call.streams.get(segment.stream);
    if (stream !== undefined && call.behind.delete(leg)) redactLeg(deps, call, stream, { isBehind: true });
    const newest = redaction.waiting;
    redaction.waiting = undefined;
    if (newest !== undefined) {
      preview(deps, call, newest, redaction).catch((error: unknown) => {
        deps.log.error({ error, call: call.call }, 'a preview broke off');
      });
    }
    return Promise.resolve();
  });
  if (!isTaken) redaction.waiting = undefined;
}

async function preview(deps: Deps, call: LiveCall, segment: Segment, redaction: LegRedaction): Promise<void> {
  const { leg } = segment;
  const before = wantedPreview(deps, call, leg);
  const redacted = await deps.redaction.push(segment);
  if (redacted.kind === 'withheld') return;
  heedSignals(deps, call, leg, redacted.signals);
  // What was made for others than those who are shown it now may say more than they may see.
  const wanted = wantedPreview(deps, call, leg);
  if (wanted === undefined || wanted.planName !== before?.planName || wanted.mode !== before.mode) return;
  const piece = redacted.previews?.[wanted.planName];
  if (piece !== undefined && !isSaidInWindow(call, leg, piece)) showPreview(deps, call, leg, { piece, redaction });
}

/** Nothing is shown for the sake of somebody who is silenced; he still has a say in what is rendered. */
function wantedPreview(deps: Deps, call: LiveCall, leg: LegId): PreviewPlan | undefined {
  const stream = [...call.streams.values()].find((candidate) => candidate.leg === leg);
  if (stream === undefined) return undefined;
  const readers = currentReaders(call, leg);
  const isShown = readers.some(
    ({ processor, partials }) => partials !== 'off' && !isSilenced(deps, call, stream, processor.id),
  );
  return isShown ? previewPlanOf(readers) : undefined;
}

function showPreview(
  deps: Deps,
  call: LiveCall,
  leg: LegId,
  { piece, redaction }: { readonly piece: Piece; readonly redaction: LegRedaction },
): void {
  const nowUs = deps.clock.monoUs();
  const { text, startMs, endMs } = piece;
  if (text.trim() === '' || nowUs - redaction.previewedUs < PREVIEW_EVERY_MS * 1000) return;
  redaction.previewedUs = nowUs;
  const role = call.fact.legs.find((candidate) => candidate.leg === leg)?.role ?? 'customer';
  deps.publish({ kind: 'partial', call: call.call, tenant: call.tenant.id, leg, role, text, startMs, endMs });
}
