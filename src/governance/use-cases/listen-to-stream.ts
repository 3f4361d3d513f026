/**
 * A stream becomes audible: for each processor of the tenant that is not silenced the policy is asked, the lease is made
 * durable, and only then is the tap opened and the feed let run. A refusal at any step leaves the stream silent for it.
 */

import { isDeepStrictEqual } from 'node:util';
import { newId, type ProcessorId } from '../../base/ids.ts';
import { TAP_LIFE_MS } from '../../link/tap-life.ts';
import type { GapReason } from '../../model/audio.ts';
import type { Decision } from '../../model/decision.ts';
import type { Grant } from '../../model/grant.ts';
import type { Processor } from '../../model/tenant.ts';
import { askForHearing } from './ask-for-hearing.ts';
import { wasUnheard } from './ask-policy.ts';
import { bytesFor, currentPositionMs, windowMs } from './lease-window.ts';
import { isOver, type Feed, type LiveCall, type LiveStream, type Silence } from './live-calls.ts';
import { isHushed, isTakingCard, lastEndMs } from './pci-state.ts';
import { viewOf } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { decisionEvidence } from './record-decision.ts';
import type { Latch } from './silenced.ts';
import {
  hearingOf,
  recordSilence,
  recordSilences,
  settleFeed,
  startMuted,
  startRevoked,
  startSilence,
} from './silence-stream.ts';

const LEDGER_LIMIT_MS = 3000;
/** An answer that took longer than this cost words. */
const NOTICEABLE_MS = 500;

/** Asks for every audio processor that does not hear this stream and was not refused it. Never rejects. */
export async function listenToStream(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const processors = call.revision.processors.filter(
    ({ id, hears }) => hears !== 'text' && call.tenant.processors.includes(id) && isDue(deps, call, stream, id),
  );
  await Promise.all(processors.map((processor) => hearAs(deps, call, stream, processor)));
}

/**
 * Never asked about, or silent for a cause of ours whose time to be tried again has come. What the kill switch keeps back
 * is marked as that and not asked about at all, and so is whoever would hear card data.
 */
function isDue(deps: Deps, call: LiveCall, stream: LiveStream, processor: ProcessorId): boolean {
  if (stream.feeds.has(processor) || stream.asked.get(processor) === 'asking') return false;
  const silence = stream.silences.get(processor);
  if (silence === undefined && stream.asked.has(processor)) return false;
  if (deps.calls.silenced.covers(hearingOf(call, processor))) {
    startRevoked(deps, call, stream, processor, currentPositionMs(deps, call, stream));
    return false;
  }
  if (isHushed(call, stream.leg)) {
    startMuted(deps, call, stream, processor, currentPositionMs(deps, call, stream));
    return false;
  }
  if (silence?.reason === 'pci' && isTakingCard(call)) return false;
  return silence === undefined || deps.clock.monoUs() >= silence.retryAtUs;
}

async function hearAs(deps: Deps, call: LiveCall, stream: LiveStream, processor: Processor): Promise<void> {
  const silence = stream.silences.get(processor.id);
  const latch = deps.calls.silenced.latch(hearingOf(call, processor.id));
  stream.asked.set(processor.id, 'asking');
  stream.silences.delete(processor.id);
  call.arrangements += 1;
  try {
    await arrangeHearing(deps, call, stream, processor, { silence, latch });
  } finally {
    latch.release();
    stream.asked.set(processor.id, 'answered');
    call.arrangements -= 1;
  }
}

/** Asks, records and opens; whatever stops it on the way, a hole that was there before is not forgotten. */
async function arrangeHearing(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: Processor,
  { silence, latch }: { readonly silence: Silence | undefined; readonly latch: Latch },
): Promise<void> {
  const askedAtMs = currentPositionMs(deps, call, stream);
  let waitedFor: GapReason = 'policy_unavailable';
  const tryLater = (reason: GapReason): void => {
    if (!call.tenant.processors.includes(processor.id)) return;
    const hole = { fromMs: silence?.fromMs ?? askedAtMs, reason: silence?.reason ?? reason };
    startSilence(deps, stream, processor.id, { ...hole, failures: (silence?.failures ?? -1) + 1 });
    if (isOver(call)) recordSilences(deps, call);
  };
  const endHole = (toMs: number): void => {
    const isNoticeable = silence !== undefined || toMs - askedAtMs > NOTICEABLE_MS;
    const hole = silence ?? { fromMs: askedAtMs, reason: waitedFor };
    if (isNoticeable) recordSilence(deps, call, stream, processor.id, { ...hole, toMs });
  };
  /** It was silenced meanwhile, if only for a moment: whatever was decided before that is not acted upon. */
  const giveUp = (atMs: number): void => {
    if (silence !== undefined) endHole(atMs);
    startRevoked(deps, call, stream, processor.id, silence === undefined ? askedAtMs : atMs);
  };
  /** Card data is being taken: it is asked about again afterwards. */
  const waitForWindow = (atMs: number): void => {
    if (silence !== undefined) endHole(atMs);
    startMuted(deps, call, stream, processor.id, silence === undefined ? askedAtMs : atMs);
  };
  const isAnother = watchQuestion(call, stream);
  const decision = await askForHearing(deps, call, stream, processor);
  const fromMs = Math.max(currentPositionMs(deps, call, stream), lastEndMs(call.pci, stream.stream));
  if (isMuted(call, stream, decision) && !isOver(call)) {
    waitForWindow(fromMs);
    return;
  }
  if (isAnother() && !isOver(call)) {
    tryLater('policy');
    return;
  }
  if (!decision.allow || isOver(call)) {
    if (silence !== undefined || wasUnheard(decision)) endHole(fromMs);
    return;
  }
  if (latch.wasSilenced()) {
    giveUp(fromMs);
    return;
  }
  if (fromMs - askedAtMs <= NOTICEABLE_MS) waitedFor = 'ledger_unavailable';
  const { leg } = stream;
  const grant = { tenant: call.tenant.id, call: call.call, leg, stream: stream.stream, processor, decision };
  const feed = await openLease(deps, call, { ...grant, modality: 'audio' }, fromMs);
  if (feed === undefined) {
    tryLater('ledger_unavailable');
    return;
  }
  deps.calls.addFeed({ call, stream, feed });
  if (latch.wasSilenced()) {
    settleFeed(deps, call, stream, feed, { reason: 'revoked', use: feed.use });
    giveUp(fromMs);
    return;
  }
  if (isOver(call) || isAnother() || !startFeed(deps, stream, feed)) {
    settleFeed(deps, call, stream, feed, { reason: 'unused', use: feed.use });
    if (isOver(call)) endHole(fromMs);
    else if (isHushed(call, stream.leg)) waitForWindow(fromMs);
    else tryLater(isAnother() ? 'policy' : 'audio_worker_restart');
    return;
  }
  endHole(currentPositionMs(deps, call, stream));
}

/** Says later whether what was asked has become another question meanwhile. */
function watchQuestion(call: LiveCall, stream: LiveStream): () => boolean {
  const asked = viewOf(stream.fact);
  const { governedAnew } = call;
  const { changes } = call.pci;
  return () =>
    call.governedAnew !== governedAnew ||
    call.pci.changes !== changes ||
    !isDeepStrictEqual(asked, viewOf(stream.fact));
}

/** Whether card data is being taken, and the answer or the leg itself keeps everybody from hearing it. */
function isMuted(call: LiveCall, stream: LiveStream, { obligations }: Decision): boolean {
  const isObliged = isTakingCard(call) && obligations.mute_on?.includes('pci') === true;
  return isObliged || isHushed(call, stream.leg);
}

/** Makes the lease durable. Undefined when the ledger could not take it in time: then nothing is heard. */
async function openLease(deps: Deps, call: LiveCall, grant: Grant, fromMs: number): Promise<Feed | undefined> {
  const { processor, decision } = grant;
  const throughMs = fromMs + windowMs(grant);
  const maxBytes = bytesFor(grant, throughMs - fromMs);
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
  return {
    lease,
    grant,
    fromMs,
    throughMs,
    maxBytes,
    renewals: 0,
    renewing: undefined,
    wasRefused: false,
    use: { capturedThroughMs: fromMs, bytes: 0 },
    state: 'open',
  };
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
    tenant: feed.grant.tenant,
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
