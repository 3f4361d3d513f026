/**
 * The tapped streams of one audio worker, by tap: frames in, audio to the feeds that listen. Frames of a tap nobody
 * told us to expect are dropped and counted.
 */

import { unreachable } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';
import type { StreamId, TapId } from '../../../base/ids.ts';
import type { Metric, Metrics } from '../../../base/metrics.ts';
import type { TapFrame } from '../../../link/tap-frame.ts';
import type { Feed } from '../feed.ts';
import { GapLog } from '../gap-log.ts';
import type { ExpectedStream, FromAudioWorker, TapEnded } from '../messages.ts';
import type { CreateResampler } from '../resampler.ts';
import { TappedStream, type StreamCounters } from '../tapped-stream.ts';

type BeginFrame = Extract<TapFrame, { readonly kind: 'begin' }>;

export interface StreamsOptions {
  readonly clock: Clock;
  readonly createResampler: CreateResampler;
  readonly metrics: Metrics;
  readonly post: (message: FromAudioWorker) => void;
}

/** One expected tap. `tapped` is there while the tap is open. */
export interface StreamEntry {
  expected: ExpectedStream;
  readonly gaps: GapLog;
  readonly feeds: Set<Feed>;
  tapped: TappedStream | undefined;
  mediaWorker: number;
  floorMs: number;
  reportedMs: number;
  restart: { fromMs: number; toMs: number; count: number } | undefined;
}

/** Taps that began a moment before we were told of them. */
const MAX_EARLY = 256;

export class Streams {
  readonly #options: StreamsOptions;
  readonly #entries = new Map<TapId, StreamEntry>();
  readonly #early = new Map<TapId, { readonly frame: BeginFrame; readonly mediaWorker: number }>();
  readonly #counters: StreamCounters;
  readonly #unexpected: Metric;

  constructor(options: StreamsOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#counters = {
      packets: metrics.counter('earshot_audio_packets_total'),
      late: metrics.counter('earshot_audio_packets_dropped_total', { reason: 'late' }),
      early: metrics.counter('earshot_audio_packets_dropped_total', { reason: 'early' }),
    };
    this.#unexpected = metrics.counter('earshot_audio_packets_dropped_total', { reason: 'unexpected' });
  }

  get(tap: TapId): StreamEntry | undefined {
    return this.#entries.get(tap);
  }

  expect(expected: ExpectedStream): void {
    const known = this.#entries.get(expected.tap);
    if (known) {
      known.expected = expected;
      known.tapped?.setPayloads(expected.payloads);
      return;
    }
    this.#entries.set(expected.tap, {
      expected,
      gaps: new GapLog(expected.stream),
      feeds: new Set(),
      tapped: undefined,
      mediaWorker: -1,
      floorMs: this.#positionOf(expected.stream),
      reportedMs: 0,
      restart: undefined,
    });
    const early = this.#early.get(expected.tap);
    this.#early.delete(expected.tap);
    if (early) this.#begin(early.mediaWorker, early.frame);
  }

  /** Ends the tap here and forgets it. Its feeds are the caller's to close. */
  forget(tap: TapId): void {
    const entry = this.#entries.get(tap);
    this.#early.delete(tap);
    if (!entry) return;
    this.#end(entry, 'forgotten');
    this.#reportEntry(entry);
    this.#entries.delete(tap);
  }

  attach(tap: TapId, feed: Feed): void {
    const entry = this.#entries.get(tap);
    if (!entry) return;
    entry.feeds.add(feed);
    if (!entry.tapped) return;
    feed.openTap();
    entry.tapped.add(feed);
  }

  detach(tap: TapId, feed: Feed): void {
    const entry = this.#entries.get(tap);
    entry?.feeds.delete(feed);
    entry?.tapped?.remove(feed);
  }

  onFrame(mediaWorker: number, frame: TapFrame): void {
    switch (frame.kind) {
      case 'media': {
        const tapped = this.#entries.get(frame.tap)?.tapped;
        if (tapped) tapped.accept(frame);
        else this.#unexpected.add();
        return;
      }
      case 'begin':
        this.#begin(mediaWorker, frame);
        return;
      case 'dropped':
        this.#entries.get(frame.tap)?.tapped?.noteDropped(frame);
        return;
      case 'end': {
        const entry = this.#entries.get(frame.tap);
        this.#early.delete(frame.tap);
        if (entry) this.#end(entry, 'end');
        return;
      }
      default:
        unreachable(frame);
    }
  }

  /** The tap socket of a media worker is gone, and every tap on it. */
  onDisconnected(mediaWorker: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.mediaWorker === mediaWorker) this.#end(entry, 'disconnected');
    }
  }

  tick(): void {
    const nowUs = this.#options.clock.monoUs();
    for (const entry of this.#entries.values()) entry.tapped?.flush(nowUs);
  }

  /** Says what has gathered since the last report: positions, gaps, restarts. */
  report(): void {
    for (const entry of this.#entries.values()) this.#reportEntry(entry);
    this.#options.metrics.gauge('earshot_audio_streams').set(this.#entries.size);
  }

  #begin(mediaWorker: number, frame: BeginFrame): void {
    const entry = this.#entries.get(frame.tap);
    if (!entry) {
      if (this.#early.size < MAX_EARLY) this.#early.set(frame.tap, { frame, mediaWorker });
      return;
    }
    if (entry.tapped || entry.expected.stream !== frame.stream) return;
    entry.mediaWorker = mediaWorker;
    const tapped = this.#createTapped(entry, frame.streamStartUs);
    entry.tapped = tapped;
    for (const feed of entry.feeds) {
      feed.openTap();
      tapped.add(feed);
    }
    const { tap, stream, streamStartUs } = frame;
    this.#options.post({ kind: 'tap.began', tap, stream, streamStartUs });
  }

  #createTapped(entry: StreamEntry, streamStartUs: number): TappedStream {
    const { createResampler, metrics } = this.#options;
    return new TappedStream({
      payloads: entry.expected.payloads,
      streamStartUs,
      floorMs: entry.floorMs,
      createResampler,
      counters: this.#counters,
      onGap: (reason, fromMs, toMs) => {
        metrics.counter('earshot_audio_gaps_total', { reason }).add();
        entry.gaps.note(reason, fromMs, toMs);
      },
      onRestart: (fromMs, toMs) => {
        const { restart } = entry;
        entry.restart = { fromMs: restart?.fromMs ?? fromMs, toMs, count: (restart?.count ?? 0) + 1 };
      },
    });
  }

  #end(entry: StreamEntry, reason: TapEnded): void {
    const { tapped } = entry;
    if (!tapped) return;
    // What the jitter buffer holds was captured while the tap was open: it is heard before the gate falls.
    tapped.end();
    for (const feed of entry.feeds) feed.closeTap();
    entry.floorMs = tapped.positionMs;
    this.#reportEntry(entry);
    entry.tapped = undefined;
    this.#options.post({ kind: 'tap.ended', tap: entry.expected.tap, stream: entry.expected.stream, reason });
  }

  #reportEntry(entry: StreamEntry): void {
    const { tap, stream } = entry.expected;
    for (const gathered of entry.gaps.flush()) this.#options.post({ kind: 'gap', ...gathered });
    if (entry.restart) {
      const { fromMs, toMs, count } = entry.restart;
      entry.restart = undefined;
      const span = { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) };
      this.#options.post({ kind: 'stream.restarted', stream, ...span, count });
    }
    const positionMs = Math.ceil(entry.tapped?.positionMs ?? 0);
    if (positionMs <= entry.reportedMs) return;
    entry.reportedMs = positionMs;
    this.#options.post({ kind: 'stream.position', tap, stream, positionMs });
  }

  /** Where another tap of the same stream has got to. */
  #positionOf(stream: StreamId): number {
    let furthestMs = 0;
    for (const entry of this.#entries.values()) {
      if (entry.expected.stream !== stream) continue;
      furthestMs = Math.max(furthestMs, entry.floorMs, entry.tapped?.positionMs ?? 0);
    }
    return furthestMs;
  }
}
