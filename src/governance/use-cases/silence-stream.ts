/** Ends hearing: closes leases and taps, and settles each lease's account when the audio worker has told it. */

import type { LeaseCloseReason, LeaseUse } from '../../model/audio.ts';
import { currentPositionMs } from './listen-to-stream.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';

type SilenceReason =
  'ledger_unavailable' | 'processor_down' | 'tap_lapsed' | 'audio_worker_restart' | 'governance_restart';

/** Stops one processor's hearing; its account follows in `settleFeed`. */
export function silenceFeed(deps: Deps, stream: LiveStream, feed: Feed, reason: LeaseCloseReason): void {
  if (feed.state === 'closing') return;
  feed.state = 'closing';
  deps.audio.closeFeed({ lease: feed.lease, reason });
  const silence = silenceReason(reason);
  if (silence === undefined) return;
  stream.silentSince.set(feed.grant.processor.id, { fromMs: feed.use.capturedThroughMs, reason: silence });
}

/** Stops everybody's hearing of a stream, and its tap. */
export function silenceStream(deps: Deps, stream: LiveStream, reason: LeaseCloseReason): void {
  for (const feed of stream.feeds.values()) silenceFeed(deps, stream, feed, reason);
  closeTap(deps, stream);
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
  const bytes = account.use === 'unknown' ? ('unknown' as const) : account.use.bytes;
  const heard = call.heard.get(processor.id) ?? { leases: 0, bytes: 0 };
  call.heard.set(processor.id, { leases: heard.leases + 1, bytes: heard.bytes + feed.use.bytes });
  deps.ledger.note(call.tenant.id, {
    kind: 'lease.close',
    call: call.call,
    lease: feed.lease,
    stream: stream.stream,
    processor: processor.id,
    reason: account.reason,
    captured_through_ms: Math.round(feed.use.capturedThroughMs),
    bytes,
    max_bytes: feed.maxBytes,
  });
  deps.publish({
    kind: 'lease',
    call: call.call,
    stream: stream.stream,
    processor: processor.id,
    state: 'closed',
    throughMs: Math.round(feed.use.capturedThroughMs),
    bytes: feed.use.bytes,
  });
  const silence = silenceReason(account.reason);
  if (silence !== undefined && !stream.silentSince.has(processor.id)) {
    stream.silentSince.set(processor.id, { fromMs: feed.use.capturedThroughMs, reason: silence });
  }
  if (stream.feeds.size === 0 && call.endReason === undefined) closeTap(deps, stream);
}

/** Closes a stream's tap and forgets it; frames still under way are nobody's. */
export function closeTap(deps: Deps, stream: LiveStream): void {
  const { tap } = stream;
  if (tap === undefined) return;
  stream.positionMs = currentPositionMs(deps, stream);
  stream.tap = undefined;
  deps.callPlane.send({ kind: 'tap.close', tap });
  deps.audio.forgetStream(tap);
}

/** Reasons after which hearing is to be taken up again, and the hole called by that name. */
function silenceReason(reason: LeaseCloseReason): SilenceReason | undefined {
  switch (reason) {
    case 'ledger_unavailable':
    case 'processor_down':
    case 'audio_worker_restart':
    case 'governance_restart':
      return reason;
    default:
      return undefined;
  }
}
