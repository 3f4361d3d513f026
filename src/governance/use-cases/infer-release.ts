/**
 * Asks a reader about a release that is durable, and notes the outcome. The answer has a deadline; the end of the call and
 * the kill switch cut it off at once. What the socket took by then counts as sent.
 */

import type { ProcessorId, ReleaseId } from '../../base/ids.ts';
import type { Grant } from '../../model/grant.ts';
import type { InferOutcome } from '../../processors/processor.ts';
import type { PastTurn } from '../conversation/history.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { noteHealth } from './note-health.ts';
import { hearingOf } from './silence-stream.ts';

const ANSWER_LIMIT_MS = 10_000;

/** Resolves with what came of it, which is noted by then. Never rejects. */
export async function inferRelease(
  deps: Deps,
  call: LiveCall,
  grant: Grant,
  request: { readonly id: ReleaseId; readonly turns: readonly PastTurn[] },
): Promise<InferOutcome> {
  const { processor } = grant;
  const startedUs = deps.clock.monoUs();
  const limit = limitAnswer(deps, call, processor.id);
  const outcome = await deps.textProcessor(processor, call.tenant.id).infer(request.turns, { signal: limit.signal });
  limit.lift();
  deps.metrics.counter('earshot_inferences_total', { processor: processor.id, outcome: outcome.kind }).add();
  noteAnswer(deps, processor.id, outcome);
  const tookMs = Math.max(0, Math.round((deps.clock.monoUs() - startedUs) / 1000));
  noteOutcome(deps, call, grant, request.id, { outcome, tookMs });
  return outcome;
}

/** Every request that is durable has an outcome, one that was never sent included. */
export function noteOutcome(
  deps: Deps,
  call: LiveCall,
  { processor }: Grant,
  release: ReleaseId,
  { outcome, tookMs }: { readonly outcome: InferOutcome; readonly tookMs: number },
): void {
  deps.ledger.note(call.tenant.id, {
    kind: 'release.outcome',
    call: call.call,
    release,
    processor: processor.id,
    outcome: outcome.kind,
    sent_bytes: outcome.sentBytes,
    received_chars: outcome.kind === 'answered' ? outcome.text.length : 0,
    took_ms: tookMs,
  });
}

/** Whether it answers is shown, and not whether our own queue was full; what becomes of this call is its own matter. */
function noteAnswer(deps: Deps, processor: ProcessorId, outcome: InferOutcome): void {
  const { kind } = outcome;
  if (kind !== 'answered' && outcome.untried === true) return;
  if (kind === 'answered' || kind === 'empty') noteHealth(deps, processor, true);
  if (kind === 'unavailable' || kind === 'failed' || kind === 'deadline') noteHealth(deps, processor, false);
}

/**
 * Aborts when the answer takes too long, the call is over or the reader is silenced. By the clock and by hand: `AbortSignal.any` over a timeout
 * may be collected with its timer on Node 20, and then never fires.
 */
function limitAnswer(
  deps: Deps,
  call: LiveCall,
  processor: ProcessorId,
): { readonly signal: AbortSignal; lift(): void } {
  const control = new AbortController();
  const abort = (): void => control.abort();
  const latch = deps.calls.silenced.latch(hearingOf(call, processor), abort);
  const cancelDeadline = deps.clock.after(ANSWER_LIMIT_MS, abort);
  call.over.signal.addEventListener('abort', abort, { once: true });
  if (call.over.signal.aborted) abort();
  return {
    signal: control.signal,
    lift() {
      cancelDeadline();
      latch.release();
      call.over.signal.removeEventListener('abort', abort);
    },
  };
}
