/** Ends hearing: closes leases and taps, and settles each lease's account when the audio worker has told it. */

import type { ProcessorId } from '../../base/ids.ts';
import type { GapReason, LeaseCloseReason, LeaseUse } from '../../model/audio.ts';
import { currentPositionMs } from './lease-window.ts';
import { isOver, type Feed, type LiveCall, type LiveStream, type Silence } from './live-calls.ts';
import { noteSpent, spentOf } from './pci-account.ts';
import type { Deps } from './ports.ts';
import { recordGap } from './record-gap.ts';
import type { HearingSubject } from './silenced.ts';

/** How long a cause of silence is given to go away before hearing is tried again. */
const RETRY_MS: Partial<Record<GapReason, number>> = {
  processor_down: 30_000,
  queue_overflow: 30_000,
  ledger_unavailable: 1000,
};
const DEFAULT_RETRY_MS = 500;
/** Pauses between attempts that lead to nothing double up to this. */
const MAX_RETRY_MS = 10_000;

export interface Account {
  readonly reason: LeaseCloseReason;
  /** What the audio worker counted; unknown when it could not say. */
  readonly use: LeaseUse | 'unknown';
}

/** Stops one processor's hearing; its account follows in `settleFeed`, at once when no worker knows of it. */
export function silenceFeed(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  feed: Feed,
  reason: LeaseCloseReason,
): void {
  if (feed.state === 'closing') return;
  feed.state = 'closing';
  if (deps.audio.closeFeed({ lease: feed.lease, reason })) return;
  settleFeed(deps, call, stream, feed, { reason, use: 'unknown' });
}

/** Stops everybody's hearing of a stream, and its tap. */
export function silenceStream(deps: Deps, call: LiveCall, stream: LiveStream, reason: LeaseCloseReason): void {
  for (const feed of [...stream.feeds.values()]) silenceFeed(deps, call, stream, feed, reason);
  closeTap(deps, stream);
}

/** Whom the kill switch is asked about. */
export function hearingOf(call: LiveCall, processor: ProcessorId): HearingSubject {
  return { call: call.call, tenant: call.tenant.id, processor };
}

/** Whether the kill switch keeps a processor from the stream now. */
export function isSilenced(deps: Deps, call: LiveCall, stream: LiveStream, processor: ProcessorId): boolean {
  const isMarked = stream.silences.get(processor)?.reason === 'revoked';
  return isMarked || deps.calls.silenced.covers(hearingOf(call, processor));
}

/**
 * Marks that a processor is kept from a stream by the kill switch, from where on: one mark, however often it would have
 * been tried. A hole with another cause that was open ends where this one begins. Nothing is tried again before a lift.
 */
export function startRevoked(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: ProcessorId,
  fromMs: number,
): void {
  startHeld(deps, call, stream, processor, { fromMs, reason: 'revoked' });
}

/** The same because card data is being taken. Nothing is tried again before that is over. */
export function startMuted(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: ProcessorId,
  fromMs: number,
): void {
  startHeld(deps, call, stream, processor, { fromMs, reason: 'pci' });
}

function startHeld(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: ProcessorId,
  { fromMs, reason }: Pick<Silence, 'fromMs' | 'reason'>,
): void {
  const open = stream.silences.get(processor);
  if (open?.reason === reason) {
    stream.silences.set(processor, { ...open, fromMs: Math.min(open.fromMs, fromMs) });
    return;
  }
  if (open !== undefined) recordSilence(deps, call, stream, processor, { ...open, toMs: fromMs });
  startSilence(deps, stream, processor, { fromMs, reason, failures: 0 });
  if (call.over.signal.aborted) recordSilences(deps, call);
}

/** Notes that a processor misses a stream it may hear, from where, and why; it is tried again by itself. */
export function startSilence(
  deps: Deps,
  stream: LiveStream,
  processor: ProcessorId,
  silence: Omit<Silence, 'retryAtUs'>,
): void {
  const firstMs = RETRY_MS[silence.reason] ?? DEFAULT_RETRY_MS;
  const retryMs = Math.max(firstMs, Math.min(firstMs * 2 ** silence.failures, MAX_RETRY_MS));
  stream.silences.set(processor, { ...silence, retryAtUs: deps.clock.monoUs() + retryMs * 1000 });
}

/** A silence is over, because the processor hears again from `toMs` on or never will: the hole is recorded. */
export function recordSilence(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: ProcessorId,
  hole: { readonly reason: GapReason; readonly fromMs: number; readonly toMs: number },
): void {
  const { reason, fromMs, toMs } = hole;
  if (fromMs < toMs) recordGap(deps, call, { stream: stream.stream, processor, reason, fromMs, toMs });
}

/**
 * Nobody will take these streams up again here: what was missed until now is recorded. What the kill switch keeps back
 * has its one mark when nothing more could be released either.
 */
export function recordSilences(deps: Deps, call: LiveCall, { goesOn = false } = {}): void {
  for (const stream of call.streams.values()) {
    const positionMs = currentPositionMs(deps, call, stream);
    for (const [processor, silence] of stream.silences) {
      if (silence.reason === 'revoked' && !call.over.signal.aborted) continue;
      stream.silences.delete(processor);
      // Of a stream that goes on without us we see the beginning of a hole, however little of it.
      const toMs = goesOn ? Math.max(positionMs, silence.fromMs + 1) : positionMs;
      recordSilence(deps, call, stream, processor, { ...silence, toMs });
    }
  }
}

/** Writes the account of a lease: what the socket took, or that nobody can know. Removes the feed. */
export function settleFeed(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed, account: Account): void {
  if (!deps.calls.removeFeed(feed)) return;
  const { processor } = feed.grant;
  if (account.use !== 'unknown') feed.use = account.use;
  const fromMs = Math.round(feed.use.capturedThroughMs);
  const heard = call.heard.get(processor.id) ?? { leases: 0, bytes: 0 };
  call.heard.set(processor.id, { leases: heard.leases + 1, bytes: heard.bytes + feed.use.bytes });
  const positionMs = currentPositionMs(deps, call, stream);
  // The close repeats what the lease covered, and with a renewal under way nobody knows that yet.
  const note = (): void => noteClose(deps, call, feed, { ...account, positionMs });
  if (feed.renewing === undefined) note();
  else void feed.renewing.then(note);
  noteSpent(deps, call, stream, spentOf(feed, account.use === 'unknown' ? 'unknown' : feed.use.bytes, positionMs));
  deps.publish({
    kind: 'lease',
    call: call.call,
    tenant: call.tenant.id,
    stream: stream.stream,
    processor: processor.id,
    state: 'closed',
    throughMs: fromMs,
    bytes: feed.use.bytes,
  });
  const reason = silenceOf(account.reason);
  // Who is no processor of the tenant any more misses nothing.
  const isExpected = call.tenant.processors.includes(processor.id);
  const isMarked = (!isOver(call) && isExpected) || reason === 'revoked';
  if (reason !== undefined && isMarked) startSilence(deps, stream, processor.id, { fromMs, reason, failures: 0 });
  if (stream.feeds.size === 0) closeTap(deps, stream);
}

/** An account that was not told in time is unknown. */
export function settleTheRest(deps: Deps, call: LiveCall, reason: LeaseCloseReason): void {
  for (const stream of call.streams.values()) {
    for (const feed of [...stream.feeds.values()]) settleFeed(deps, call, stream, feed, { reason, use: 'unknown' });
  }
}

/** Closes a stream's tap and forgets it; frames still under way are nobody's. */
export function closeTap(deps: Deps, stream: LiveStream): void {
  const { tap } = stream;
  if (tap === undefined) return;
  stream.tap = undefined;
  deps.callPlane.send({ kind: 'tap.close', tap });
  deps.audio.forgetStream(tap);
}

function noteClose(deps: Deps, call: LiveCall, feed: Feed, account: Account & { readonly positionMs: number }): void {
  const { reason, use, positionMs } = account;
  const { stream, processor } = feed.grant;
  deps.ledger.note(call.tenant.id, {
    kind: 'lease.close',
    call: call.call,
    lease: feed.lease,
    stream,
    processor: processor.id,
    reason,
    // Where nobody counted, anything up to here may have been sent.
    captured_through_ms: use === 'unknown' ? Math.min(positionMs, feed.throughMs) : Math.round(use.capturedThroughMs),
    bytes: use === 'unknown' ? 'unknown' : use.bytes,
    max_bytes: feed.maxBytes,
  });
}

/** Ends of a lease after which hearing is to be taken up again, and what the hole is called. */
function silenceOf(reason: LeaseCloseReason): GapReason | undefined {
  switch (reason) {
    case 'ledger_unavailable':
    case 'processor_down':
    case 'audio_worker_restart':
    case 'governance_restart':
    case 'tap_lapsed':
    case 'revoked':
    case 'pci':
      return reason;
    case 'unused':
      return 'audio_worker_restart';
    case 'quota':
      return 'queue_overflow';
    case 'policy_change':
      return 'policy';
    default:
      return undefined;
  }
}
