/**
 * A redacted turn is released: for each reader the policy is asked, the request is made durable, only then is it sent;
 * the outcome is recorded and the answer goes on as an insight. Any step that fails ends it for that reader alone.
 */

import { createHmac } from 'node:crypto';
import { newId, type ProcessorId, type ReleaseId } from '../../base/ids.ts';
import type { GapReason } from '../../model/audio.ts';
import type { Decision } from '../../model/decision.ts';
import type { Grant } from '../../model/grant.ts';
import type { Release } from '../../model/transcript.ts';
import type { InferOutcome } from '../../processors/processor.ts';
import type { PastTurn } from '../conversation/history.ts';
import { askPolicy } from './ask-policy.ts';
import { unavailable } from './conditions.ts';
import { emitInsight } from './emit-insight.ts';
import type { LiveCall } from './live-calls.ts';
import { releaseInput } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { decisionEvidence } from './record-decision.ts';
import { recordGap } from './record-gap.ts';
import { SerialWork } from './serial-work.ts';

const LEDGER_LIMIT_MS = 3000;
const ANSWER_LIMIT_MS = 10_000;
/** Releases that may wait for one slow reader of one call. */
const MAX_WAITING = 16;

/** Offers one release to everybody who may read the leg, each in its own order and time. */
export function releaseTurn(deps: Deps, call: LiveCall, release: Release): void {
  for (const grant of call.textGrants.get(release.leg) ?? []) {
    const line = lineTo(deps, call, grant.processor.id);
    if (line.add(() => releaseTo(deps, call, grant, release))) continue;
    missRelease(deps, call, grant, release, 'queue_overflow');
  }
}

async function releaseTo(deps: Deps, call: LiveCall, grant: Grant, release: Release): Promise<void> {
  if (call.over.signal.aborted) {
    missRelease(deps, call, grant, release, 'processor_down');
    return;
  }
  const decision = await askForRelease(deps, call, grant, release);
  if (decision === undefined) return;
  const text = decision.obligations.tighten === 'mask_all' ? maskAll(release.text) : release.text;
  const id = await recordRequest(deps, call, grant, release, { decision, text });
  if (id === undefined) return;
  publishRelease(deps, call, grant, release, { id, text });
  const turn = { role: roleOf(call, release), text };
  const turns = [...call.history.of(grant.processor.id), turn];
  call.history.add(grant.processor.id, turn);
  const outcome = await infer(deps, call, grant, { id, turns });
  if (outcome.kind === 'answered') await emitInsight(deps, call, grant, { release: id, text: outcome.text });
}

function lineTo(deps: Deps, call: LiveCall, processor: ProcessorId): SerialWork {
  const known = call.releases.get(processor);
  if (known !== undefined) return known;
  const onBroken = (error: unknown): void =>
    deps.log.error({ error, call: call.call, processor }, 'a release broke off');
  const line = new SerialWork({ capacity: MAX_WAITING, onBroken });
  call.releases.set(processor, line);
  return line;
}

function missRelease(deps: Deps, call: LiveCall, grant: Grant, release: Release, reason: GapReason): void {
  const { stream, processor } = grant;
  const { startMs: fromMs, endMs: toMs } = release;
  recordGap(deps, call, { stream, processor: processor.id, reason, fromMs, toMs });
}

/** The allowing decision, or undefined when this reader does not get it. */
async function askForRelease(
  deps: Deps,
  call: LiveCall,
  grant: Grant,
  release: Release,
): Promise<Decision | undefined> {
  const { tenant, fact } = call;
  const { processor, leg, stream } = grant;
  const decision = await askPolicy(deps, call, 'release', {
    input: () => releaseInput({ tenant, fact, nowMs: deps.clock.wallMs() }, { release, processor }),
    subject: { leg, stream, processor: processor.id, modality: 'text' },
  });
  const isDropped = decision.obligations.tighten === 'drop';
  if (decision.allow && !isDropped) return decision;
  missRelease(deps, call, grant, release, 'policy');
  return undefined;
}

/** Makes the request durable. Undefined when it could not be: then nothing is sent, and that is a gap. */
async function recordRequest(
  deps: Deps,
  call: LiveCall,
  grant: Grant,
  release: Release,
  what: { readonly decision: Decision; readonly text: string },
): Promise<ReleaseId | undefined> {
  const id = newId('release', deps.random);
  const { processor, stream } = grant;
  try {
    await deps.ledger.append(
      call.tenant.id,
      {
        kind: 'release.request',
        call: call.call,
        release: id,
        leg: release.leg,
        stream,
        processor: processor.id,
        terms: processor.terms.hash,
        from_ms: Math.round(release.startMs),
        to_ms: Math.round(release.endMs),
        chars: what.text.length,
        final: release.final,
        entities: { ...release.entities },
        detector: release.detector,
        payload: commitTo(deps, what.text),
        decision: decisionEvidence(what.decision),
      },
      { deadlineMs: LEDGER_LIMIT_MS },
    );
    return id;
  } catch {
    missRelease(deps, call, grant, release, 'ledger_unavailable');
    return undefined;
  }
}

async function infer(
  deps: Deps,
  call: LiveCall,
  grant: Grant,
  request: { readonly id: ReleaseId; readonly turns: readonly PastTurn[] },
): Promise<InferOutcome> {
  const { processor } = grant;
  const startedUs = deps.clock.monoUs();
  const limit = limitAnswer(deps, call);
  const outcome = await deps.textProcessor(processor).infer(request.turns, { signal: limit.signal });
  limit.lift();
  deps.metrics.counter('earshot_inferences_total', { processor: processor.id, outcome: outcome.kind }).add();
  noteHealth(deps, processor.id, outcome);
  deps.ledger.note(call.tenant.id, {
    kind: 'release.outcome',
    call: call.call,
    release: request.id,
    processor: processor.id,
    outcome: outcome.kind,
    sent_bytes: outcome.sentBytes,
    received_chars: outcome.kind === 'answered' ? outcome.text.length : 0,
    took_ms: Math.max(0, Math.round((deps.clock.monoUs() - startedUs) / 1000)),
  });
  return outcome;
}

/** Whether it answers is shown; what becomes of this call is its own matter. */
function noteHealth(deps: Deps, processor: ProcessorId, { kind }: InferOutcome): void {
  if (kind === 'answered' || kind === 'empty') deps.conditions.set(unavailable(processor), false);
  if (kind === 'unavailable' || kind === 'failed' || kind === 'deadline') {
    deps.conditions.set(unavailable(processor), true);
  }
}

/**
 * Aborts when the answer takes too long or the call is over. By the clock and by hand: `AbortSignal.any` over a timeout
 * may be collected with its timer on Node 20, and then never fires.
 */
function limitAnswer(deps: Deps, call: LiveCall): { readonly signal: AbortSignal; lift(): void } {
  const control = new AbortController();
  const abort = (): void => control.abort();
  const cancelDeadline = deps.clock.after(ANSWER_LIMIT_MS, abort);
  call.over.signal.addEventListener('abort', abort, { once: true });
  if (call.over.signal.aborted) abort();
  return {
    signal: control.signal,
    lift() {
      cancelDeadline();
      call.over.signal.removeEventListener('abort', abort);
    },
  };
}

function publishRelease(
  deps: Deps,
  call: LiveCall,
  grant: Grant,
  release: Release,
  sent: { readonly id: ReleaseId; readonly text: string },
): void {
  deps.publish({
    kind: 'release',
    call: call.call,
    leg: release.leg,
    role: roleOf(call, release),
    processor: grant.processor.id,
    release: sent.id,
    text: sent.text,
    entities: release.entities,
  });
}

function roleOf(call: LiveCall, release: Release): string {
  return call.fact.legs.find(({ leg }) => leg === release.leg)?.role ?? 'customer';
}

/** Every word becomes a mark; the number of words is all that is left. */
function maskAll(text: string): string {
  return text.replace(/\S+/g, '[…]');
}

/** Commits to the text under a salt that is forgotten: nothing kept can be used to guess it back. */
function commitTo(deps: Deps, text: string): string {
  return createHmac('sha256', deps.random(32)).update(text).digest('hex');
}
