/** Ends hearing: closes leases and taps, and settles each lease's account when the audio worker has told it. */

import type { ProcessorId } from '../../base/ids.ts';
import type { GapReason, LeaseCloseReason, LeaseUse } from '../../model/audio.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';

/** How long a cause of silence is given to go away before hearing is tried again. */
const RETRY_MS: Partial<Record<GapReason, number>> = { processor_down: 30_000, ledger_unavailable: 1000 };
const DEFAULT_RETRY_MS = 500;

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

/** Notes that a processor misses a stream it may hear, from where, and why; it is tried again by itself. */
export function startSilence(
  deps: Deps,
  stream: LiveStream,
  processor: ProcessorId,
  silence: { readonly fromMs: number; readonly reason: GapReason },
): void {
  const retryMs = RETRY_MS[silence.reason] ?? DEFAULT_RETRY_MS;
  stream.silences.set(processor, { ...silence, retryAtUs: deps.clock.monoUs() + retryMs * 1000 });
}

/** Writes the account of a lease: what the socket took, or that nobody can know. Removes the feed. */
export function settleFeed(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  feed: Feed,
  account: { readonly reason: LeaseCloseReason; readonly use: LeaseUse | 'unknown' },
): void {
  const { processor } = feed.grant;
  if (stream.feeds.get(processor.id) !== feed) return;
  stream.feeds.delete(processor.id);
  if (account.use !== 'unknown') feed.use = account.use;
  const capturedThroughMs = Math.round(feed.use.capturedThroughMs);
  const heard = call.heard.get(processor.id) ?? { leases: 0, bytes: 0 };
  call.heard.set(processor.id, { leases: heard.leases + 1, bytes: heard.bytes + feed.use.bytes });
  deps.ledger.note(call.tenant.id, {
    kind: 'lease.close',
    call: call.call,
    lease: feed.lease,
    stream: stream.stream,
    processor: processor.id,
    reason: account.reason,
    captured_through_ms: capturedThroughMs,
    bytes: account.use === 'unknown' ? 'unknown' : account.use.bytes,
    max_bytes: feed.maxBytes,
  });
  deps.publish({
    kind: 'lease',
    call: call.call,
    stream: stream.stream,
    processor: processor.id,
    state: 'closed',
    throughMs: capturedThroughMs,
    bytes: feed.use.bytes,
  });
  const silence = silenceOf(account.reason);
  if (silence !== undefined) startSilence(deps, stream, processor.id, { fromMs: capturedThroughMs, reason: silence });
  if (stream.feeds.size === 0) closeTap(deps, stream);
}

/** Closes a stream's tap and forgets it; frames still under way are nobody's. */
export function closeTap(deps: Deps, stream: LiveStream): void {
  const { tap } = stream;
  if (tap === undefined) return;
  stream.tap = undefined;
  deps.callPlane.send({ kind: 'tap.close', tap });
  deps.audio.forgetStream(tap);
}

/** Ends of a lease after which hearing is to be taken up again, and what the hole is called. */
function silenceOf(reason: LeaseCloseReason): GapReason | undefined {
  switch (reason) {
    case 'ledger_unavailable':
    case 'processor_down':
    case 'audio_worker_restart':
    case 'governance_restart':
    case 'tap_lapsed':
      return reason;
    case 'unused':
      return 'audio_worker_restart';
    default:
      return undefined;
  }
}
