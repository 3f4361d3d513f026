/**
 * The feeds of one audio worker, by lease: opened, extended, closed and accounted for as the main thread says.
 * Each is told of its tap by whoever owns the streams.
 */

import { newId, type LeaseId, type RandomBytes, type TapId } from '../../../base/ids.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { LeaseCloseReason } from '../../../model/audio.ts';
import type { OpenAudio, Recognition } from '../../../processors/processor.ts';
import { Feed } from '../feed.ts';
import type { GapLog } from '../gap-log.ts';
import type { AudioProtocol, ExpectedStream, FeedOrder, FromAudioWorker } from '../messages.ts';

/** What a feed must know of the tap it hears. */
export interface FeedSource {
  readonly expected: ExpectedStream;
  readonly gaps: GapLog;
}

export interface ClosedFeed {
  readonly tap: TapId;
  readonly feed: Feed;
}

export interface FeedsOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly protocols: Readonly<Record<AudioProtocol, OpenAudio>>;
  readonly metrics: Metrics;
  readonly post: (message: FromAudioWorker) => void;
}

interface Entry {
  readonly order: FeedOrder;
  readonly source: FeedSource;
  readonly feed: Feed;
  reported: string;
  reportedBytes: number;
  isAccounted: boolean;
  isFinished: boolean;
}

const MAX_FEEDS = 4096;

export class Feeds {
  readonly #options: FeedsOptions;
  readonly #entries = new Map<LeaseId, Entry>();

  constructor(options: FeedsOptions) {
    this.#options = options;
  }

  /** The new feed, or undefined when it was refused: then its lease is accounted for as unused. */
  open(order: FeedOrder, source: FeedSource | undefined): Feed | undefined {
    const { lease } = order.window;
    if (this.#entries.has(lease)) return undefined;
    if (!source || source.expected.stream !== order.window.stream || this.#entries.size >= MAX_FEEDS) {
      this.#refuse(order, source ? 'quota' : 'unused');
      return undefined;
    }
    const entry: Entry = {
      order,
      source,
      feed: this.#createFeed(order, source),
      reported: '',
      reportedBytes: 0,
      isAccounted: false,
      isFinished: false,
    };
    this.#entries.set(lease, entry);
    return entry.feed;
  }

  extend(lease: LeaseId, throughMs: number, maxBytes: number): void {
    this.#entries.get(lease)?.feed.extend(throughMs, maxBytes);
  }

  /** Closes the lease and says its account; returns the feed and its tap, which it must no longer hear. */
  close(lease: LeaseId, reason: LeaseCloseReason): ClosedFeed | undefined {
    const entry = this.#entries.get(lease);
    if (!entry || entry.isAccounted) return undefined;
    const use = entry.feed.close(reason);
    entry.isAccounted = true;
    this.#countBytes(entry);
    this.#postGaps(entry.source);
    const { stream, processor } = entry.order.window;
    this.#options.post({ kind: 'feed.closed', lease, stream, processor, reason, use });
    if (entry.isFinished) this.#forget(lease);
    return { tap: entry.order.tap, feed: entry.feed };
  }

  tick(): void {
    for (const entry of this.#entries.values()) entry.feed.tick();
  }

  /** Says how far each feed has come, where it moved. */
  report(): void {
    for (const [lease, entry] of this.#entries) {
      if (entry.isAccounted) continue;
      this.#countBytes(entry);
      const { use, waitingMs } = entry.feed;
      const report = `${use.bytes} ${use.capturedThroughMs} ${waitingMs}`;
      if (report === entry.reported) continue;
      entry.reported = report;
      this.#options.post({ kind: 'feed.progress', lease, use, waitingMs: Math.ceil(waitingMs) });
    }
    this.#options.metrics.gauge('earshot_audio_feeds').set(this.#entries.size);
  }

  /** Leases still open, of one tap or of all. */
  openLeases(tap?: TapId): LeaseId[] {
    const open = [...this.#entries].filter(([, { isAccounted }]) => !isAccounted);
    return open.filter(([, { order }]) => tap === undefined || order.tap === tap).map(([lease]) => lease);
  }

  #createFeed(order: FeedOrder, source: FeedSource): Feed {
    const { clock, protocols, metrics, post } = this.#options;
    const { lease, processor } = order.window;
    const labels = { processor };
    return new Feed({
      window: order.window,
      endpoint: order.endpoint,
      openAudio: protocols[order.protocol],
      clock,
      handlers: {
        onOpened: () => {
          metrics.counter('earshot_audio_connections_total', labels).add();
          post({ kind: 'feed.opened', lease });
        },
        onRecognition: (recognition) => this.#postSegment(order, source, recognition),
        onOversize: () => metrics.counter('earshot_audio_recognitions_cut_total', labels).add(),
        onGap: (reason, fromMs, toMs) => {
          metrics.counter('earshot_audio_gaps_total', { reason }).add();
          source.gaps.note(reason, fromMs, toMs, processor);
        },
        onDown: (reason) => post({ kind: 'feed.down', lease, reason }),
        onFinished: () => this.#finished(lease),
      },
    });
  }

  #postSegment(order: FeedOrder, source: FeedSource, recognition: Recognition): void {
    const { call, leg, stream } = source.expected;
    const { lease, processor } = order.window;
    const segment = newId('segment', this.#options.random);
    this.#options.post({ kind: 'segment', lease, segment: { segment, call, leg, stream, processor, ...recognition } });
  }

  #finished(lease: LeaseId): void {
    const entry = this.#entries.get(lease);
    if (!entry) return;
    entry.isFinished = true;
    if (entry.isAccounted) this.#forget(lease);
  }

  #forget(lease: LeaseId): void {
    this.#entries.delete(lease);
    this.#options.post({ kind: 'feed.finished', lease });
  }

  #refuse(order: FeedOrder, reason: LeaseCloseReason): void {
    const { lease, stream, processor, fromMs } = order.window;
    const use = { capturedThroughMs: fromMs, bytes: 0 };
    this.#options.post({ kind: 'feed.closed', lease, stream, processor, reason, use });
    this.#options.post({ kind: 'feed.finished', lease });
  }

  #postGaps(source: FeedSource): void {
    for (const gathered of source.gaps.flush()) this.#options.post({ kind: 'gap', ...gathered });
  }

  #countBytes(entry: Entry): void {
    const { bytes } = entry.feed.use;
    const labels = { processor: entry.order.window.processor };
    this.#options.metrics.counter('earshot_audio_sent_bytes_total', labels).add(bytes - entry.reportedBytes);
    entry.reportedBytes = bytes;
  }
}
