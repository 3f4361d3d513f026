/**
 * A redacted turn is released: for each reader the policy is asked, the request is made durable, only then is it sent;
 * the outcome is recorded and the answer goes on as an insight. Any step that fails ends it for that reader alone, and
 * a reader that is silenced loses what waits for him and what is under way.
 */

import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { newId, type ProcessorId, type ReleaseId } from '../../base/ids.ts';
import type { GapReason } from '../../model/audio.ts';
import type { Decision } from '../../model/decision.ts';
import type { TextGrant } from '../../model/grant.ts';
import type { MsRange, Release } from '../../model/transcript.ts';
import { askPolicy } from './ask-policy.ts';
import { emitInsight } from './emit-insight.ts';
import { inferRelease, noteOutcome } from './infer-release.ts';
import { currentReaders, type LiveCall } from './live-calls.ts';
import { isSaidInWindow, wasTakingCard } from './pci-state.ts';
import { releaseInput } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { healthOf } from './note-health.ts';
import { decisionEvidence } from './record-decision.ts';
import { recordGap } from './record-gap.ts';
import { hearingOf, isSilenced, startRevoked } from './silence-stream.ts';
import type { Latch } from './silenced.ts';
import { SerialWork } from './serial-work.ts';

const LEDGER_LIMIT_MS = 3000;
/** Releases that may wait for one slow reader of one call. */
const MAX_WAITING = 16;

/** Offers one release to the reader it gathered for, if he may still read: in his own order and time. */
export function releaseTurn(deps: Deps, call: LiveCall, reader: ProcessorId, release: Release): void {
  const grant = currentReaders(call, release.leg).find(({ processor }) => processor.id === reader);
  if (grant === undefined || isWithheld(deps, call, grant, release)) return;
  const line = lineTo(deps, call, reader);
  const latch = deps.calls.silenced.latch(hearingOf(call, reader));
  const work = (): Promise<void> =>
    releaseTo(deps, call, grant, release, latch).finally(() => {
      latch.release();
    });
  if (line.add(work)) return;
  latch.release();
  missRelease(deps, call, grant, release, 'queue_overflow');
}

async function releaseTo(deps: Deps, call: LiveCall, grant: TextGrant, release: Release, latch: Latch): Promise<void> {
  if (call.over.signal.aborted) {
    missRelease(deps, call, grant, release, 'processor_down');
    return;
  }
  if (latch.wasSilenced()) {
    missSilenced(deps, call, grant, release);
    return;
  }
  const decision = await askForRelease(deps, call, grant, release);
  if (decision === undefined) return;
  if (latch.wasSilenced()) {
    missSilenced(deps, call, grant, release);
    return;
  }
  if (!isStillGranted(call, grant)) {
    missRelease(deps, call, grant, release, 'policy');
    return;
  }
  const text = decision.obligations.tighten === 'mask_all' ? maskAll(release.text) : release.text;
  const id = await recordRequest(deps, call, grant, release, { decision, text });
  if (id === undefined) return;
  const isVoid = !isStillGranted(call, grant);
  if (latch.wasSilenced() || isVoid) {
    noteOutcome(deps, call, grant, id, { outcome: { kind: 'cancelled', sentBytes: 0 }, tookMs: 0 });
    if (isVoid) missRelease(deps, call, grant, release, 'policy');
    else missSilenced(deps, call, grant, release);
    return;
  }
  publishRelease(deps, call, grant, release, { id, text });
  const turn = { role: roleOf(call, release), text };
  const turns = [...call.history.of(grant.processor.id), turn];
  call.history.add(grant.processor.id, turn);
  const outcome = await inferRelease(deps, call, grant, { id, turns });
  if (outcome.kind !== 'answered' || latch.wasSilenced() || !isStillGranted(call, grant)) return;
  await emitInsight(deps, call, grant, { release: id, text: outcome.text });
}

/** Whether the leg is granted to that very processor now: a configuration may have taken it away, or made it another. */
function isStillGranted(call: LiveCall, { leg, processor }: TextGrant): boolean {
  return currentReaders(call, leg).some((grant) => isDeepStrictEqual(grant.processor, processor));
}

/**
 * Whether the reader is silenced, or was while this was said: then it is part of the gap, and not even queued. Nor is what
 * a leg said while nobody might hear it.
 */
function isWithheld(deps: Deps, call: LiveCall, grant: TextGrant, release: Release): boolean {
  if (isSaidInWindow(call, release.leg, release)) {
    missRelease(deps, call, grant, release, 'pci');
    return true;
  }
  const stream = call.streams.get(grant.stream);
  const { id } = grant.processor;
  if (stream !== undefined && isSilenced(deps, call, stream, id)) {
    missSilenced(deps, call, grant, release);
    return true;
  }
  if (release.startMs >= (stream?.readableFromMs.get(id) ?? 0)) return false;
  missRelease(deps, call, grant, release, 'revoked');
  return true;
}

/** The silence has one mark; this was said before it began, or falls into it. */
function missSilenced(deps: Deps, call: LiveCall, grant: TextGrant, release: Release): void {
  const stream = call.streams.get(grant.stream);
  if (stream !== undefined) startRevoked(deps, call, stream, grant.processor.id, Math.round(release.startMs));
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

function missRelease(deps: Deps, call: LiveCall, grant: TextGrant, release: Release, reason: GapReason): void {
  const { stream, processor } = grant;
  const { startMs: fromMs, endMs: toMs } = release;
  recordGap(deps, call, { stream, processor: processor.id, reason, fromMs, toMs });
}

/** The allowing decision, or undefined when this reader does not get it. */
async function askForRelease(
  deps: Deps,
  call: LiveCall,
  grant: TextGrant,
  release: Release,
): Promise<Decision | undefined> {
  const { tenant, fact } = call;
  const { processor, leg, stream } = grant;
  const decision = await askPolicy(deps, call, 'release', {
    input: () =>
      releaseInput(
        { tenant, fact, nowMs: deps.clock.wallMs(), isTakingCard: wasTakingCard(call, leg, release) },
        { release, processor, health: healthOf(deps, processor.id) },
      ),
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
  grant: TextGrant,
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
        ...(release.hidden.length === 0 ? {} : { hidden_ms: release.hidden.map(wholeMs) }),
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

function publishRelease(
  deps: Deps,
  call: LiveCall,
  grant: TextGrant,
  release: Release,
  sent: { readonly id: ReleaseId; readonly text: string },
): void {
  deps.publish({
    kind: 'release',
    call: call.call,
    tenant: call.tenant.id,
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

/** In whole ms, and no shorter for it. */
function wholeMs({ startMs, endMs }: MsRange): [number, number] {
  const from = Math.max(0, Math.floor(startMs));
  return [from, Math.max(from, Math.ceil(endMs))];
}

/** Every word becomes a mark; the number of words is all that is left. */
function maskAll(text: string): string {
  return text.replace(/\S+/g, '[…]');
}

/** Commits to the text under a salt that is forgotten: nothing kept can be used to guess it back. */
function commitTo(deps: Deps, text: string): string {
  return createHmac('sha256', deps.random(32)).update(text).digest('hex');
}
