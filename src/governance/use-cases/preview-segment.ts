/**
 * A recogniser said something it may still take back: signals of card data are heeded at once, and the redacted words are
 * shown to whoever watches. No AI processor is ever given them: what goes there can no longer change.
 */

import { stricterPartials } from '../../model/redaction-settings.ts';
import type { Segment } from '../../model/transcript.ts';
import type { Redacted } from '../redaction/redaction.ts';
import { currentReaders, type LegRedaction, type LiveCall } from './live-calls.ts';
import { heedSignals } from './pci-window.ts';
import type { Deps } from './ports.ts';
import { isSilenced } from './silence-stream.ts';
import { previewPlanOf } from './text-plans.ts';

/** One leg is shown no more often than this: a person reads no faster. */
const PREVIEW_EVERY_MS = 250;

/**
 * Redacts a partial result in the leg's order, without anything waiting for it: of those that wait the newest alone is
 * worth it, and one that gets no turn is dropped.
 */
export function previewSegment(deps: Deps, call: LiveCall, segment: Segment): void {
  call.conversation.hear(segment);
  const redaction = call.redaction.get(segment.leg);
  if (redaction === undefined || call.behind.has(segment.leg)) return;
  const isWaiting = redaction.waiting !== undefined;
  redaction.waiting = segment;
  if (isWaiting) return;
  const isTaken = call.segments.add(() => {
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
  const redacted = await deps.redaction.push(segment);
  if (redacted.kind === 'withheld') return;
  heedSignals(deps, call, leg, redacted.signals);
  showPreview(deps, call, segment, { redacted, redaction });
}

function showPreview(
  deps: Deps,
  call: LiveCall,
  { leg }: Segment,
  {
    redacted,
    redaction,
  }: { readonly redacted: Exclude<Redacted, { kind: 'withheld' }>; readonly redaction: LegRedaction },
): void {
  const stream = [...call.streams.values()].find((candidate) => candidate.leg === leg);
  const grants = currentReaders(call, leg).filter(
    ({ processor }) => stream !== undefined && !isSilenced(deps, call, stream, processor.id),
  );
  const wanted = previewPlanOf(grants);
  // Where the leg was begun for more than may be shown now, nothing is.
  if (wanted === undefined || stricterPartials(redaction.previews, wanted.mode) !== redaction.previews) return;
  const piece = redacted.previews?.[wanted.planName];
  const nowUs = deps.clock.monoUs();
  if (piece === undefined || piece.text.trim() === '') return;
  if (nowUs - redaction.previewedUs < PREVIEW_EVERY_MS * 1000) return;
  redaction.previewedUs = nowUs;
  const { text, startMs, endMs } = piece;
  const role = call.fact.legs.find((candidate) => candidate.leg === leg)?.role ?? 'customer';
  deps.publish({ kind: 'partial', call: call.call, tenant: call.tenant.id, leg, role, text, startMs, endMs });
}
