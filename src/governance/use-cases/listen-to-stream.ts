/**
 * A stream becomes audible: for each processor of the tenant the policy is asked, the lease is made durable, and only
 * then is the tap opened and the feed let run. A refusal at any step leaves the stream silent for that processor.
 */

import { newId, type ProcessorId } from '../../base/ids.ts';
import { TAP_LIFE_MS } from '../../link/messages.ts';
import type { Grant } from '../../model/grant.ts';
import type { Processor } from '../../model/tenant.ts';
import { askPolicy } from './ask-policy.ts';
import { bytesFor, currentPositionMs, LEASE_WINDOW_MS } from './lease-window.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import { streamInput } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { decisionEvidence } from './record-decision.ts';
import { recordGap } from './record-gap.ts';
import { settleFeed, startSilence } from './silence-stream.ts';

const LEDGER_LIMIT_MS = 3000;

/** Asks for every audio processor that does not hear this stream and was not refused it. Never rejects. */
export async function listenToStream(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const processors = call.revision.processors.filter(
    ({ id, hears }) => hears !== 'text' && call.tenant.processors.includes(id) && isDue(deps, stream, id),
  );
  await Promise.all(processors.map((processor) => hearAs(deps, call, stream, processor)));
}

/** Never asked about, or silent for a cause of ours whose time to be tried again has come. */
function isDue(deps: Deps, stream: LiveStream, processor: ProcessorId): boolean {
  if (stream.feeds.has(processor)) return false;
  const silence = stream.silences.get(processor);
  return silence === undefined ? !stream.asked.has(processor) : deps.clock.monoUs() >= silence.retryAtUs;
}

async function hearAs(deps: Deps, call: LiveCall, stream: LiveStream, processor: Processor): Promise<void> {
  const silence = stream.silences.get(processor.id);
  stream.asked.add(processor.id);
  stream.silences.delete(processor.id);
  const grant = await askForStream(deps, call, stream, processor);
  if (grant === undefined) return;
  const fromMs = currentPositionMs(deps, stream);
  const feed = await openLease(deps, call, grant, fromMs);
  if (feed === undefined) {
    startSilence(deps, stream, processor.id, { fromMs: silence?.fromMs ?? fromMs, reason: 'ledger_unavailable' });
    return;
  }
  stream.feeds.set(processor.id, feed);
  if (call.endReason !== undefined || !startFeed(deps, stream, feed)) {
    settleFeed(deps, call, stream, feed, { reason: 'unused', use: feed.use });
    return;
  }
  if (silence !== undefined && silence.fromMs < fromMs) {
    const { reason } = silence;
    recordGap(deps, call, {
      stream: stream.stream,
      processor: processor.id,
      reason,
      fromMs: silence.fromMs,
      toMs: fromMs,
    });
  }
}

/** The grant, or undefined when the answer is no. */
async function askForStream(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: Processor,
): Promise<Grant | undefined> {
  const { tenant, fact } = call;
  const { leg } = stream;
  const decision = await askPolicy(deps, call, 'stream', {
    input: () =>
      streamInput(
        { tenant, fact, nowMs: deps.clock.wallMs() },
        { leg, stream: stream.fact, processor, modality: 'audio' },
      ),
    subject: { leg, stream: stream.stream, processor: processor.id, modality: 'audio' },
  });
  if (!decision.allow) return undefined;
  return { tenant: tenant.id, call: call.call, leg, stream: stream.stream, processor, modality: 'audio', decision };
}

/** Makes the lease durable. Undefined when the ledger could not take it in time: then nothing is heard. */
async function openLease(deps: Deps, call: LiveCall, grant: Grant, fromMs: number): Promise<Feed | undefined> {
  const { processor, decision } = grant;
  const { max_window_ms: limitMs, max_bytes: limitBytes } = decision.obligations;
  const throughMs = fromMs + Math.min(LEASE_WINDOW_MS, limitMs ?? LEASE_WINDOW_MS);
  const maxBytes = Math.min(bytesFor(processor, throughMs - fromMs), limitBytes ?? Number.MAX_SAFE_INTEGER);
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
        processor: processor.id,
        hears: processor.hears === 'masked_audio' ? 'masked_audio' : 'raw_audio',
        terms: processor.terms.hash,
        from_ms: fromMs,
        through_ms: throughMs,
        max_bytes: maxBytes,
        decision: decisionEvidence(decision),
      },
      { deadlineMs: LEDGER_LIMIT_MS },
    );
  } catch {
    return undefined;
  }
  const use = { capturedThroughMs: fromMs, bytes: 0 };
  return { lease, grant, fromMs, throughMs, maxBytes, renewals: 0, isRenewing: false, use, state: 'open' };
}

/** Lets the processor hear, opening the stream's tap unless it runs. False when no audio worker could take it. */
function startFeed(deps: Deps, stream: LiveStream, feed: Feed): boolean {
  const { call, processor } = feed.grant;
  const tap = stream.tap ?? openTap(deps, stream, feed.grant);
  if (tap === undefined) return false;
  const { lease, fromMs, throughMs, maxBytes } = feed;
  const window = { lease, stream: stream.stream, processor: processor.id, fromMs, throughMs, maxBytes };
  if (!deps.audio.openFeed({ tap, window, processor })) return false;
  deps.publish({
    kind: 'lease',
    call,
    stream: stream.stream,
    processor: processor.id,
    state: 'opened',
    throughMs,
    bytes: 0,
  });
  return true;
}

function openTap(deps: Deps, stream: LiveStream, { call, leg }: Grant): LiveStream['tap'] {
  const tap = newId('tap', deps.random);
  const { worker, payloads } = stream.fact;
  if (!deps.audio.expectStream({ tap, call, leg, stream: stream.stream, worker, payloads })) return undefined;
  stream.tap = tap;
  const deadlineUs = deps.clock.monoUs() + TAP_LIFE_MS * 1000;
  deps.callPlane.send({ kind: 'tap.open', tap, call, stream: stream.stream, deadlineUs });
  return tap;
}
