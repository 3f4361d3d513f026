/**
 * A stream becomes audible: for each processor of the tenant the policy is asked, the lease is made durable, and only
 * then is the tap opened and the feed let run. A refusal at any step leaves the stream silent for that processor.
 */

import { newId } from '../../base/ids.ts';
import type { Grant } from '../../model/grant.ts';
import type { Processor } from '../../model/tenant.ts';
import { TAP_LIFE_MS } from '../../link/messages.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { streamInput } from './policy-input.ts';
import { decisionEvidence, recordDecision } from './record-decision.ts';
import { recordGap } from './record-gap.ts';

/** Longest window a lease grants ahead of what has been captured. */
export const LEASE_WINDOW_MS = 30_000;
const LEDGER_LIMIT_MS = 3000;
/** Room for silence put in for short gaps, on top of the audio itself. */
const BYTE_SLACK = 1.05;

/** Asks for every audio processor that does not hear this stream yet. Never rejects. */
export async function listenToStream(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const processors = call.revision.processors.filter(
    (processor) => processor.hears !== 'text' && call.tenant.processors.includes(processor.id),
  );
  await Promise.all(processors.map((processor) => hearAs(deps, call, stream, processor)));
}

async function hearAs(deps: Deps, call: LiveCall, stream: LiveStream, processor: Processor): Promise<void> {
  if (stream.feeds.has(processor.id) || stream.asked.has(processor.id)) return;
  stream.asked.add(processor.id);
  const grant = await askForStream(deps, call, stream, processor);
  if (grant === undefined) return;
  const feed = await openLease(deps, call, stream, grant);
  // Asked again on the next occasion: the ledger may be back by then. A policy's no stands until facts change.
  stream.asked.delete(processor.id);
  if (feed === undefined) return;
  if (call.endReason !== undefined) {
    closeUnused(deps, call, stream, feed);
    return;
  }
  stream.feeds.set(processor.id, feed);
  startFeed(deps, stream, feed);
  endSilence(deps, call, stream, feed);
}

/** The grant, or undefined when the answer is no. */
async function askForStream(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: Processor,
): Promise<Grant | undefined> {
  const { tenant, fact } = call;
  const input = streamInput(
    { tenant, fact, nowMs: deps.clock.wallMs() },
    { leg: stream.leg, stream: stream.fact, processor, modality: 'audio' },
  );
  const decision = await deps.policy.decide(tenant.id, 'stream', input);
  const { leg } = stream;
  recordDecision(deps, call, decision, { leg, stream: stream.stream, processor: processor.id, modality: 'audio' });
  if (!decision.allow) return undefined;
  return { tenant: tenant.id, call: call.call, leg, stream: stream.stream, processor, modality: 'audio', decision };
}

/** Makes the lease durable. Undefined when the ledger could not take it in time: then nothing is heard. */
async function openLease(deps: Deps, call: LiveCall, stream: LiveStream, grant: Grant): Promise<Feed | undefined> {
  const fromMs = currentPositionMs(deps, stream);
  const { max_window_ms: limitMs, max_bytes: limitBytes } = grant.decision.obligations;
  const throughMs = fromMs + Math.min(LEASE_WINDOW_MS, limitMs ?? LEASE_WINDOW_MS);
  const maxBytes = Math.min(bytesFor(grant.processor, throughMs - fromMs), limitBytes ?? Number.MAX_SAFE_INTEGER);
  const lease = newId('lease', deps.random);
  try {
    await deps.ledger.append(
      call.tenant.id,
      {
        kind: 'lease.open',
        call: call.call,
        lease,
        leg: grant.leg,
        stream: grant.stream,
        processor: grant.processor.id,
        hears: grant.processor.hears === 'masked_audio' ? 'masked_audio' : 'raw_audio',
        terms: grant.processor.terms.hash,
        from_ms: fromMs,
        through_ms: throughMs,
        max_bytes: maxBytes,
        decision: decisionEvidence(grant.decision),
      },
      { deadlineMs: LEDGER_LIMIT_MS },
    );
  } catch {
    stream.silentSince.set(grant.processor.id, { fromMs, reason: 'ledger_unavailable' });
    return undefined;
  }
  return {
    lease,
    grant,
    fromMs,
    throughMs,
    maxBytes,
    renewals: 0,
    isRenewing: false,
    use: { capturedThroughMs: fromMs, bytes: 0 },
    state: 'open',
  };
}

/** Opens the stream's tap unless it runs, and lets the processor hear it. */
function startFeed(deps: Deps, stream: LiveStream, feed: Feed): void {
  const { call, processor } = feed.grant;
  if (stream.tap === undefined) {
    const tap = newId('tap', deps.random);
    stream.tap = tap;
    deps.audio.expectStream({
      tap,
      stream: stream.stream,
      worker: stream.fact.worker,
      payloads: stream.fact.payloads,
    });
    const deadlineUs = deps.clock.monoUs() + TAP_LIFE_MS * 1000;
    deps.callPlane.send({ kind: 'tap.open', tap, call, stream: stream.stream, deadlineUs });
  }
  const { lease, fromMs, throughMs, maxBytes } = feed;
  deps.audio.openFeed({
    tap: stream.tap,
    window: { lease, stream: stream.stream, processor: processor.id, fromMs, throughMs, maxBytes },
    processor,
  });
  deps.publish({
    kind: 'lease',
    call,
    stream: stream.stream,
    processor: processor.id,
    state: 'opened',
    throughMs,
    bytes: 0,
  });
}

/** The call ended while the ledger was at work: the lease is closed as it was, unused. */
function closeUnused(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): void {
  deps.ledger.note(call.tenant.id, {
    kind: 'lease.close',
    call: call.call,
    lease: feed.lease,
    stream: stream.stream,
    processor: feed.grant.processor.id,
    reason: 'unused',
    captured_through_ms: feed.fromMs,
    bytes: 0,
    max_bytes: feed.maxBytes,
  });
}

/** A processor that had stopped hearing hears again: the hole in between is a gap. */
function endSilence(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): void {
  const { id } = feed.grant.processor;
  const silence = stream.silentSince.get(id);
  stream.silentSince.delete(id);
  if (silence === undefined || silence.fromMs >= feed.fromMs) return;
  recordGap(deps, call, {
    stream: stream.stream,
    processor: id,
    reason: silence.reason,
    fromMs: silence.fromMs,
    toMs: feed.fromMs,
  });
}

/** Where the stream's timeline is now: since its first packet, 0 before it. */
export function currentPositionMs(deps: Deps, stream: LiveStream): number {
  const { startedUs } = stream.fact;
  const elapsedMs = startedUs === undefined ? 0 : Math.floor((deps.clock.monoUs() - startedUs) / 1000);
  return Math.max(elapsedMs, stream.positionMs, 0);
}

/** Payload bytes that `windowMs` of audio can come to for this processor: 16-bit samples at its rate. */
export function bytesFor(processor: Processor, windowMs: number): number {
  return Math.ceil(((windowMs * processor.sampleRateHz * 2) / 1000) * BYTE_SLACK);
}
