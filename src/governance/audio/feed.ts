/**
 * One processor's hearing of one stream under one lease. Two gates stand before every write: the tap must be open and
 * the lease must cover position and bytes. Whatever cannot be sent in time is dropped, and marked as a gap.
 */

import type { Clock } from '../../base/clock.ts';
import type { GapReason, LeaseCloseReason, LeaseUse, LeaseWindow } from '../../model/audio.ts';
import type { ConnectionEnd, OpenAudio, ProcessorEndpoint, Recognition } from '../../processors/processor.ts';
import { FeedQueue, type FeedQueueLimits, type QueuedAudio } from './feed-queue.ts';
import { LeaseGate } from './lease-gate.ts';
import { ProcessorLine } from './processor-line.ts';
import { boundRecognition, isOversize } from './recognition-bounds.ts';
import type { AudioChunk, Listener } from './tapped-stream.ts';

export interface FeedHandlers {
  onOpened(): void;
  /** On the stream's timeline, bounded. */
  onRecognition(recognition: Recognition): void;
  onOversize(): void;
  /** Only this processor missed it. */
  onGap(reason: GapReason, fromMs: number, toMs: number): void;
  /** The processor is given up; the lease is still to be closed. */
  onDown(reason: ConnectionEnd): void;
  /** After `close`: no recognition will follow. Once. */
  onFinished(): void;
}

export interface FeedOptions {
  readonly window: LeaseWindow;
  readonly endpoint: ProcessorEndpoint;
  readonly openAudio: OpenAudio;
  readonly clock: Clock;
  readonly handlers: FeedHandlers;
  readonly limits?: FeedQueueLimits;
}

/** Ten seconds of wide-band audio, enough for a reconnection; beyond that the words are of no use to a live call. */
const DEFAULT_LIMITS: FeedQueueLimits = { maxBytes: 320_000, maxAgeMs: 10_000 };
/** A hole sounds like a pause of at most this: recognisers need to hear one to end an utterance. */
const MAX_SILENCE_MS = 300;

export class Feed implements Listener {
  readonly sampleRateHz: 8000 | 16000;
  readonly #clock: Clock;
  readonly #handlers: FeedHandlers;
  readonly #gate: LeaseGate;
  readonly #queue: FeedQueue;
  readonly #line: ProcessorLine;
  #isTapOpen = false;
  #isPumping = false;

  constructor(options: FeedOptions) {
    const { window, endpoint, openAudio, clock, handlers } = options;
    this.sampleRateHz = endpoint.sampleRateHz;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#gate = new LeaseGate(window);
    this.#queue = new FeedQueue(options.limits ?? DEFAULT_LIMITS);
    this.#line = new ProcessorLine({
      endpoint,
      openAudio,
      clock,
      handlers: {
        onOpened: () => {
          handlers.onOpened();
          this.#pump();
        },
        onRecognition: (recognition, time) => {
          if (isOversize(recognition)) handlers.onOversize();
          const bounded = boundRecognition(recognition, time);
          if (bounded) handlers.onRecognition(bounded);
          this.#pump();
        },
        onDown: (reason) => {
          this.#lose(this.#queue.drain(), 'processor_down');
          handlers.onDown(reason);
        },
        onClosed: () => handlers.onFinished(),
      },
    });
  }

  /** What was handed to the socket so far: audio bytes before framing. */
  get use(): LeaseUse {
    return this.#gate.use;
  }

  get waitingMs(): number {
    return this.#queue.waitingMs;
  }

  /** The tap began. */
  openTap(): void {
    this.#isTapOpen = true;
  }

  /** The tap ended: what can go out now goes, the rest is dropped, and nothing follows until it begins again. */
  closeTap(): void {
    if (!this.#isTapOpen) return;
    this.#pump();
    this.#isTapOpen = false;
    this.#lose(this.#queue.drain(), 'tap_lapsed');
  }

  offer(chunk: AudioChunk): void {
    this.#enqueue({ ...chunk, queuedUs: this.#clock.monoUs(), isHeard: true });
  }

  offerPause(startMs: number, endMs: number): void {
    const lengthMs = Math.min(endMs - startMs, MAX_SILENCE_MS);
    const samples = Math.floor((lengthMs * this.sampleRateHz) / 1000);
    if (samples === 0) return;
    const pcm = new Int16Array(samples);
    this.#enqueue({ startMs, endMs: startMs + lengthMs, pcm, queuedUs: this.#clock.monoUs(), isHeard: false });
  }

  /** Drops what is too old, and tries again to send. Call it every few tens of ms. */
  tick(): void {
    if (this.#gate.isClosed) return;
    const reason = this.#whyWaiting();
    this.#lose(this.#queue.expire(this.#clock.monoUs()), reason);
    this.#pump();
  }

  /** Takes a recorded renewal. */
  extend(throughMs: number, maxBytes: number): void {
    if (this.#gate.isClosed) return;
    this.#gate.extend(throughMs, maxBytes);
    this.#pump();
  }

  /**
   * Closes the lease; returns its account, to which nothing is added afterwards. At the stream's end what is covered
   * goes out and last results are awaited; for any other reason everything is dropped at once.
   */
  close(reason: LeaseCloseReason): LeaseUse {
    if (this.#gate.isClosed) return this.use;
    if (reason === 'end') this.#pump();
    const blockedBy = reason === 'end' ? this.#whyWaiting() : reason === 'pci' ? 'pci' : 'revoked';
    const use = this.#gate.close();
    this.#lose(this.#queue.drain(), blockedBy);
    if (reason === 'end') this.#line.finish();
    else this.#line.abort();
    return use;
  }

  #enqueue(item: QueuedAudio): void {
    if (!this.#isTapOpen || this.#gate.isClosed || this.#gate.precedes(item.startMs)) return;
    if (this.#line.state === 'down') {
      this.#lose([item], 'processor_down');
      return;
    }
    const reason = this.#whyWaiting();
    this.#lose(this.#queue.push(item), reason);
    this.#pump();
  }

  /** Sends what both gates let through. What a write sets off must not start another before it is accounted for. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let head = this.#queue.peek(); head && this.#sendHead(head); head = this.#queue.peek()) this.#queue.shift();
    this.#isPumping = false;
  }

  /** False when it must wait. A connection is opened only for audio that may be sent on it. */
  #sendHead(head: QueuedAudio): boolean {
    if (!this.#isTapOpen || !this.#gate.covers(head.startMs, head.endMs, head.pcm.byteLength)) return false;
    this.#line.wake();
    const taken = this.#line.send(bytesOf(head.pcm), head.startMs);
    if (taken > 0) this.#gate.record(head.endMs, taken);
    return taken > 0;
  }

  #whyWaiting(): GapReason {
    const head = this.#queue.peek();
    if (head && !this.#gate.covers(head.startMs, head.endMs, head.pcm.byteLength)) return 'lease_exhausted';
    return this.#line.state === 'open' || this.#line.state === 'idle' ? 'queue_overflow' : 'processor_down';
  }

  #lose(items: readonly QueuedAudio[], reason: GapReason): void {
    for (const item of items) {
      if (item.isHeard) this.#handlers.onGap(reason, item.startMs, item.endMs);
    }
  }
}

/** Every host we run on is little-endian, as the processors expect. */
function bytesOf(pcm: Int16Array): Uint8Array {
  return new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}
