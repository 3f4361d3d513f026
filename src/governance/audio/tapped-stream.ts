/**
 * One tapped stream, from tap frames to audio on a timeline: order, place, decode, resample once per rate, and hand
 * to every listener. It marks what is missing; whether a listener may pass anything on is the listener's own gate.
 */

import type { Metric } from '../../base/metrics.ts';
import type { GapReason } from '../../model/audio.ts';
import type { PayloadFact } from '../../model/call.ts';
import type { TapFrame } from '../../link/tap-frame.ts';
import type { SampleRateHz } from '../../protocol/codec/codec.ts';
import { DEFAULT_JITTER, JitterBuffer } from './jitter-buffer.ts';
import { PayloadDecoder } from './payload-decoder.ts';
import type { CreateResampler, Resampler } from './resampler.ts';
import { Timeline, type Placement } from './timeline.ts';

export type MediaFrame = Extract<TapFrame, { readonly kind: 'media' }>;
export type DroppedFrame = Extract<TapFrame, { readonly kind: 'dropped' }>;

/** PCM captured between two positions on the stream's timeline, at the listener's rate. Shared: never written to. */
export interface AudioChunk {
  readonly startMs: number;
  readonly endMs: number;
  readonly pcm: Int16Array;
}

export interface Listener {
  readonly sampleRateHz: 8000 | 16000;
  offer(chunk: AudioChunk): void;
  /** Nothing was heard between these positions: silence, or a gap. */
  offerPause(startMs: number, endMs: number): void;
}

export interface StreamCounters {
  readonly packets: Metric;
  readonly late: Metric;
  readonly early: Metric;
}

export interface TappedStreamOptions {
  readonly payloads: readonly PayloadFact[];
  /** Arrival of the stream's first packet, CLOCK_MONOTONIC. */
  readonly streamStartUs: number;
  /** Where an earlier tap of this stream had got to. */
  readonly floorMs: number;
  readonly createResampler: CreateResampler;
  readonly counters: StreamCounters;
  onGap(reason: GapReason, fromMs: number, toMs: number): void;
  /** The sender began anew (another SSRC, clock or numbering): from here the timeline follows arrival again. */
  onRestart(fromMs: number, toMs: number): void;
}

export class TappedStream {
  readonly #options: TappedStreamOptions;
  readonly #timeline: Timeline;
  readonly #jitter: JitterBuffer<MediaFrame>;
  readonly #decoder: PayloadDecoder;
  readonly #listeners = new Set<Listener>();
  readonly #resamplers = new Map<string, Resampler>();
  #lastDroppedUs = 0;

  constructor(options: TappedStreamOptions) {
    this.#options = options;
    this.#timeline = new Timeline(options.streamStartUs, options.floorMs);
    this.#decoder = new PayloadDecoder(options.payloads);
    this.#jitter = new JitterBuffer(DEFAULT_JITTER, (frame) => this.#play(frame));
  }

  /** End of what was heard so far. */
  get positionMs(): number {
    return this.#timeline.positionMs;
  }

  setPayloads(payloads: readonly PayloadFact[]): void {
    this.#decoder.setPayloads(payloads);
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  accept(frame: MediaFrame): void {
    const lateBefore = this.#jitter.late;
    this.#options.counters.packets.add();
    this.#jitter.push(frame);
    this.#options.counters.late.add(this.#jitter.late - lateBefore);
  }

  /** The media worker dropped frames before they reached us. */
  noteDropped(frame: DroppedFrame): void {
    this.#timeline.noteDropped(frame.count);
    this.#lastDroppedUs = frame.toUs;
  }

  /** Lets time pass where no packet does. */
  flush(nowUs: number): void {
    this.#jitter.flush(nowUs);
  }

  /** Plays what is held back and frees what was allocated. */
  end(): void {
    this.#jitter.drain();
    if (this.#timeline.hasUnplacedDrop) {
      const fromMs = this.#timeline.positionMs;
      this.#options.onGap('tap_overflow', fromMs, Math.max(fromMs, this.#timeline.msAt(this.#lastDroppedUs)));
    }
    for (const resampler of this.#resamplers.values()) resampler.close();
    this.#resamplers.clear();
    this.#listeners.clear();
  }

  #play(frame: MediaFrame): void {
    const decoded = this.#decoder.decode(frame.payloadType, frame.payload);
    if (decoded.kind === 'no_audio') {
      this.#timeline.skip(frame);
      return;
    }
    const isAudible = decoded.kind === 'audio';
    const placement = this.#timeline.place(frame, {
      clockRateHz: decoded.clockRateHz,
      durationUs: isAudible ? (decoded.pcm.length * 1_000_000) / decoded.sampleRateHz : 0,
      isAudible,
    });
    if (!placement) {
      this.#options.counters.early.add();
      return;
    }
    this.#mark(placement);
    if (isAudible) this.#fanOut(placement, decoded.pcm, decoded.sampleRateHz);
  }

  /** Says what was before the packet: to us as a mark, to the listeners as a pause. */
  #mark({ before, beforeMs, startMs }: Placement): void {
    if (before === 'nothing') return;
    if (before === 'restart') this.#options.onRestart(beforeMs, startMs);
    else if (before !== 'silence') this.#options.onGap(before, beforeMs, startMs);
    if (startMs > beforeMs) for (const listener of this.#listeners) listener.offerPause(beforeMs, startMs);
  }

  #fanOut({ startMs, endMs }: Placement, pcm: Int16Array, fromHz: SampleRateHz): void {
    const byRate = new Map<number, AudioChunk>();
    for (const listener of this.#listeners) {
      const toHz = listener.sampleRateHz;
      const chunk = byRate.get(toHz) ?? { startMs, endMs, pcm: this.#resampler(fromHz, toHz).resample(pcm) };
      byRate.set(toHz, chunk);
      if (chunk.pcm.length > 0) listener.offer(chunk);
    }
  }

  #resampler(fromHz: SampleRateHz, toHz: 8000 | 16000): Resampler {
    const key = `${fromHz} ${toHz}`;
    const known = this.#resamplers.get(key);
    if (known) return known;
    const resampler = this.#options.createResampler({ fromHz, toHz });
    this.#resamplers.set(key, resampler);
    return resampler;
  }
}
