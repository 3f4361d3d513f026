/** What the call plane and the audio workers say about a running tap: refused, ended, worker dead. */

import type { StreamId, TapId } from '../../base/ids.ts';
import type { TapEnd, TapRefusal } from '../../link/messages.ts';
import type { Gap, LeaseCloseReason } from '../../model/audio.ts';
import { listenToStream } from './listen-to-stream.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordGap } from './record-gap.ts';
import { settleFeed, silenceFeed } from './silence-stream.ts';

/** Wait before a lost tap is opened again: whatever broke it gets a moment. */
const REOPEN_MS = 500;

/** The call plane would not open a tap: its leases end unused or as they are, and it is tried again later. */
export function onTapRefused(deps: Deps, tap: TapId, reason: TapRefusal): void {
  const found = deps.calls.findTap(tap);
  if (found === undefined) return;
  deps.metrics.counter('earshot_tap_refusals_total', { reason }).add();
  loseTap(deps, found.call, found.stream, reason === 'late' ? 'governance_restart' : 'end');
  if (reason === 'unknown_call' || reason === 'unknown_stream') return;
  reopenLater(deps, found.call, found.stream);
}

/** A tap ended. By our own wish it is already forgotten; otherwise its hearers lost it. */
export function onTapEnded(deps: Deps, tap: TapId, reason: TapEnd): void {
  const found = deps.calls.findTap(tap);
  if (found === undefined) return;
  const { call, stream } = found;
  const fromMs = stream.positionMs;
  loseTap(deps, call, stream, reason === 'lapsed' ? 'governance_restart' : 'end');
  if (reason === 'call_ended' || reason === 'stream_ended' || reason === 'closed') return;
  for (const processor of stream.feeds.keys()) {
    stream.silentSince.set(processor, { fromMs, reason: reason === 'lapsed' ? 'tap_lapsed' : 'audio_worker_restart' });
  }
  reopenLater(deps, call, stream);
}

/** An audio worker died: what its leases sent cannot be known, and its streams are taken up again. */
export function onAudioWorkerDied(deps: Deps, streams: readonly StreamId[]): void {
  for (const id of streams) {
    const found = deps.calls.findStream(id);
    if (found === undefined) continue;
    const { call, stream } = found;
    const { tap } = stream;
    stream.tap = undefined;
    if (tap !== undefined) deps.callPlane.send({ kind: 'tap.close', tap });
    for (const feed of [...stream.feeds.values()]) {
      settleFeed(deps, call, stream, feed, { reason: 'audio_worker_restart', use: 'unknown' });
    }
    reopenLater(deps, call, stream);
  }
}

/** A hole the audio worker found in a stream, or in one processor's hearing of it. */
export function onAudioGap(deps: Deps, gap: Gap): void {
  const found = deps.calls.findStream(gap.stream);
  if (found !== undefined) recordGap(deps, found.call, gap);
}

/** Takes up every stream somebody may hear and nobody does: after the ledger, a processor or the call plane came back. */
export function listenAgain(deps: Deps): void {
  for (const call of deps.calls.all()) {
    if (call.endReason !== undefined) continue;
    for (const stream of call.streams.values()) {
      if (stream.silentSince.size > 0 && stream.fact.startedUs !== undefined) void listenToStream(deps, call, stream);
    }
  }
}

function loseTap(deps: Deps, _call: LiveCall, stream: LiveStream, reason: LeaseCloseReason): void {
  const { tap } = stream;
  stream.tap = undefined;
  for (const feed of stream.feeds.values()) silenceFeed(deps, stream, feed, reason);
  if (tap !== undefined) deps.audio.forgetStream(tap);
}

function reopenLater(deps: Deps, call: LiveCall, stream: LiveStream): void {
  deps.clock.after(REOPEN_MS, () => {
    if (call.endReason === undefined) void listenToStream(deps, call, stream);
  });
}
