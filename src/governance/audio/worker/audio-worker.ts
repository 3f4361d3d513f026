/**
 * What an audio worker does, without a thread: messages from the main thread and tap frames in, messages out, and a
 * clock that ticks it. All audio of governance lives and ends here.
 */

import { unreachable } from '../../../base/assert.ts';
import type { Cancel, Clock } from '../../../base/clock.ts';
import type { LeaseId, RandomBytes, TapId } from '../../../base/ids.ts';
import { Metrics } from '../../../base/metrics.ts';
import type { LeaseCloseReason } from '../../../model/audio.ts';
import type { OpenAudio } from '../../../processors/processor.ts';
import type { AudioProtocol, FeedOrder, FromAudioWorker, ToAudioWorker } from '../messages.ts';
import type { CreateResampler } from '../resampler.ts';
import type { ConnectTap } from '../tap-reader.ts';
import { Feeds } from './feeds.ts';
import { Streams } from './streams.ts';

export interface AudioWorkerOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly createResampler: CreateResampler;
  readonly protocols: Readonly<Record<AudioProtocol, OpenAudio>>;
  readonly connectTap: ConnectTap;
  readonly post: (message: FromAudioWorker) => void;
}

const TICK_MS = 20;
const REPORT_MS = 500;
const METRICS_MS = 2000;

export class AudioWorker {
  readonly #options: AudioWorkerOptions;
  readonly #metrics = new Metrics();
  readonly #streams: Streams;
  readonly #feeds: Feeds;
  /** Tap connections by media worker. */
  readonly #taps = new Map<number, Cancel>();
  #timers: Cancel[] = [];

  constructor(options: AudioWorkerOptions) {
    this.#options = options;
    this.#streams = new Streams({ ...options, metrics: this.#metrics, post: options.post });
    this.#feeds = new Feeds({ ...options, metrics: this.#metrics, post: options.post });
  }

  start(): void {
    const { clock, post } = this.#options;
    this.#timers = [
      clock.every(TICK_MS, () => this.#tick()),
      clock.every(REPORT_MS, () => this.#report()),
      clock.every(METRICS_MS, () => post({ kind: 'metrics', samples: this.#metrics.snapshot() })),
    ];
    post({ kind: 'ready' });
  }

  handle(message: ToAudioWorker): void {
    switch (message.kind) {
      case 'tap.connect':
        this.#connectTap(message.mediaWorker, message.socketPath);
        return;
      case 'tap.disconnect':
        this.#disconnectTap(message.mediaWorker);
        return;
      case 'stream.expect':
        this.#streams.expect(message.expected);
        return;
      case 'stream.forget':
        this.#forget(message.tap);
        return;
      case 'feed.open':
        this.#openFeed(message.order);
        return;
      case 'feed.extend':
        this.#feeds.extend(message.lease, message.throughMs, message.maxBytes);
        return;
      case 'feed.close':
        this.#closeFeed(message.lease, message.reason);
        return;
      case 'stop':
        this.#stop();
        return;
      default:
        unreachable(message);
    }
  }

  #openFeed(order: FeedOrder): void {
    const feed = this.#feeds.open(order, this.#streams.get(order.tap));
    if (feed) this.#streams.attach(order.tap, feed);
  }

  #closeFeed(lease: LeaseId, reason: LeaseCloseReason): void {
    const closed = this.#feeds.close(lease, reason);
    if (closed) this.#streams.detach(closed.tap, closed.feed);
  }

  /** A tap is forgotten after its leases were closed; where one was not, nobody may hear on. */
  #forget(tap: TapId): void {
    for (const lease of this.#feeds.openLeases(tap)) this.#closeFeed(lease, 'revoked');
    this.#streams.forget(tap);
  }

  #connectTap(mediaWorker: number, socketPath: string): void {
    this.#disconnectTap(mediaWorker);
    const stop = this.#options.connectTap(socketPath, {
      onFrame: (frame) => this.#streams.onFrame(mediaWorker, frame),
      onDisconnected: () => this.#streams.onDisconnected(mediaWorker),
    });
    this.#taps.set(mediaWorker, stop);
  }

  #disconnectTap(mediaWorker: number): void {
    this.#taps.get(mediaWorker)?.();
    if (this.#taps.delete(mediaWorker)) this.#streams.onDisconnected(mediaWorker);
  }

  #tick(): void {
    this.#streams.tick();
    this.#feeds.tick();
  }

  #report(): void {
    this.#streams.report();
    this.#feeds.report();
  }

  #stop(): void {
    for (const cancel of this.#timers) cancel();
    for (const lease of this.#feeds.openLeases()) this.#closeFeed(lease, 'governance_restart');
    for (const mediaWorker of [...this.#taps.keys()]) this.#disconnectTap(mediaWorker);
    this.#options.post({ kind: 'stopped' });
  }
}
