/** What the call plane and the audio workers say about running taps and feeds. */

import type { LeaseId, TapId } from '../../base/ids.ts';
import type { FromCallPlane } from '../../link/messages.ts';
import type { LeaseCloseReason } from '../../model/audio.ts';
import type { AudioEvent } from '../audio/messages.ts';
import { readAgain } from './grant-text.ts';
import { listenToStream } from './listen-to-stream.ts';
import { leadOf } from './lease-window.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { noteHealth } from './note-health.ts';
import { recordGap } from './record-gap.ts';
import { settleFeed, silenceFeed } from './silence-stream.ts';

type TapMessage = Extract<FromCallPlane, { kind: 'tap.opened' | 'tap.refused' | 'tap.ended' }>;

/**
 * What the call plane says of a tap. One it would not open loses its leases as they are. One that ended by our own wish
 * is already forgotten; otherwise its hearers lost it and take it up again.
 */
export function onTapMessage(deps: Deps, message: TapMessage): void {
  if (message.kind === 'tap.opened') return;
  const { tap, reason } = message;
  if (message.kind === 'tap.refused') deps.metrics.counter('earshot_tap_refusals_total', { reason }).add();
  loseTap(deps, tap, ENDS.has(reason) ? 'end' : 'tap_lapsed');
}

/** After these there is nothing to take up again. */
const ENDS: ReadonlySet<string> = new Set(['unknown_call', 'unknown_stream', 'call_ended', 'stream_ended', 'closed']);

/** An audio worker died: what its leases sent cannot be known. */
export function onAudioWorkerDied(
  deps: Deps,
  lost: { readonly taps: readonly TapId[]; readonly leases: readonly LeaseId[] },
): void {
  for (const tap of lost.taps) {
    const found = deps.calls.findTap(tap);
    if (found === undefined) continue;
    found.stream.tap = undefined;
    deps.callPlane.send({ kind: 'tap.close', tap });
  }
  for (const lease of lost.leases) {
    const found = deps.calls.findLease(lease);
    if (found === undefined) continue;
    settleFeed(deps, found.call, found.stream, found.feed, { reason: 'audio_worker_restart', use: 'unknown' });
  }
}

/** Everything the audio workers tell of streams and feeds, except what was recognised. */
export function onAudioEvent(deps: Deps, event: Exclude<AudioEvent, { kind: 'segment' }>): void {
  switch (event.kind) {
    case 'stream.position': {
      const found = deps.calls.findStream(event.stream);
      if (found === undefined) return;
      found.stream.positionMs = event.positionMs;
      found.stream.leadMs = leadOf(deps, found.stream, event.positionMs);
      return;
    }
    case 'feed.progress': {
      const found = deps.calls.findLease(event.lease);
      if (found !== undefined) found.feed.use = event.use;
      return;
    }
    case 'feed.closed': {
      const found = deps.calls.findLease(event.lease);
      if (found === undefined) return;
      found.call.finishing.add(event.lease);
      settleFeed(deps, found.call, found.stream, found.feed, { reason: event.reason, use: event.use });
      return;
    }
    case 'feed.finished':
      deps.calls.findFinishing(event.lease)?.finishing.delete(event.lease);
      return;
    case 'feed.down': {
      const found = deps.calls.findLease(event.lease);
      if (found === undefined) return;
      const { processor } = found.feed.grant;
      deps.metrics.counter('earshot_processor_down_total', { processor: processor.id, reason: event.reason }).add();
      noteHealth(deps, processor.id, false);
      silenceFeed(deps, found.call, found.stream, found.feed, 'processor_down');
      return;
    }
    case 'gap': {
      const found = deps.calls.findStream(event.gap.stream);
      if (found !== undefined) recordGap(deps, found.call, event.gap, event.count);
      return;
    }
    case 'stream.restarted':
      deps.metrics.counter('earshot_stream_restarts_total').add(event.count);
      return;
    case 'feed.opened': {
      const found = deps.calls.findLease(event.lease);
      if (found !== undefined) noteHealth(deps, found.feed.grant.processor.id, true);
      return;
    }
    case 'tap.began':
    case 'tap.ended':
      return;
  }
}

/** Takes up every stream somebody may hear or read and does not, once its cause had time to go away. */
export function listenAgain(deps: Deps): void {
  for (const call of deps.calls.all()) {
    if (call.end !== undefined) continue;
    for (const stream of call.streams.values()) {
      if (stream.silences.size === 0) continue;
      if (stream.fact.startedUs !== undefined) void listenToStream(deps, call, stream);
      void readAgain(deps, call, stream);
    }
  }
}

function loseTap(deps: Deps, tap: TapId, reason: LeaseCloseReason): void {
  const found = deps.calls.findTap(tap);
  if (found === undefined) return;
  forgetTap(deps, found.call, found.stream, tap, reason);
}

function forgetTap(deps: Deps, call: LiveCall, stream: LiveStream, tap: TapId, reason: LeaseCloseReason): void {
  stream.tap = undefined;
  for (const feed of [...stream.feeds.values()]) silenceFeed(deps, call, stream, feed, reason);
  deps.audio.forgetStream(tap);
}
