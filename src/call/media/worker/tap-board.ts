/** All taps of one worker: opened, renewed and closed by governance, ended by their deadline, their stream or their reader. */

import type { CallId, StreamId, TapId } from '../../../base/ids.ts';
import type { Clock } from '../../../base/clock.ts';
import type { TapEnd, TapRefusal } from '../../../link/messages.ts';
import type { TapWriter } from '../../../link/tap-channel.ts';
import { TAP_LIFE_MS } from '../../../link/tap-life.ts';
import type { TapReport } from '../messages.ts';
import type { Leg } from './leg.ts';
import { Tap } from './tap.ts';

const MAX_TAPS = 4096;

export interface TapBoardOptions {
  readonly clock: Clock;
  readonly writer: TapWriter;
  /** The leg of that stream, or why there is none. */
  readonly findLeg: (call: CallId, stream: StreamId) => Leg | 'unknown_call' | 'unknown_stream';
  readonly report: (report: TapReport) => void;
}

export interface TapRequest {
  readonly tap: TapId;
  readonly call: CallId;
  readonly stream: StreamId;
  readonly deadlineUs: number;
}

export class TapBoard {
  readonly #options: TapBoardOptions;
  readonly #taps = new Map<TapId, { readonly tap: Tap; readonly leg: Leg }>();

  constructor(options: TapBoardOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#taps.size;
  }

  /** Opens a tap, or says why not. One per stream: an earlier tap of the stream is closed. */
  open(request: TapRequest): void {
    const { tap, stream } = request;
    const leg = this.#admit(request);
    if (typeof leg === 'string') {
      this.#options.report({ kind: 'tap.refused', tap, stream, reason: leg });
      return;
    }
    leg.tap?.end('closed');
    const opened = this.#create(request, leg);
    leg.tap = opened;
    this.#taps.set(tap, { tap: opened, leg });
    this.#options.report({ kind: 'tap.opened', tap, stream });
    opened.begin(leg.firstArrivalUs ?? this.#options.clock.monoUs());
  }

  /** Moves deadlines forward. A tap that is past its own has lapsed, and stays so. */
  renew(taps: readonly TapId[], deadlineUs: number): void {
    const nowUs = this.#options.clock.monoUs();
    const boundedUs = this.#bound(deadlineUs, nowUs);
    for (const tap of taps) this.#taps.get(tap)?.tap.renew(boundedUs, nowUs);
  }

  close(tap: TapId): void {
    this.#taps.get(tap)?.tap.end('closed');
  }

  /** Ends what is past its deadline, for streams on which no packet comes to notice it. */
  sweep(): void {
    const nowUs = this.#options.clock.monoUs();
    for (const { tap } of this.#taps.values()) tap.lapse(nowUs);
  }

  endAll(reason: TapEnd): void {
    for (const { tap } of this.#taps.values()) tap.end(reason);
  }

  #admit({ tap, call, stream, deadlineUs }: TapRequest): Leg | TapRefusal {
    if (deadlineUs <= this.#options.clock.monoUs()) return 'late';
    if (!this.#options.writer.hasReader) return 'no_reader';
    if (this.#taps.size >= MAX_TAPS || this.#taps.has(tap)) return 'too_many';
    return this.#options.findLeg(call, stream);
  }

  #create({ tap, stream, deadlineUs }: TapRequest, leg: Leg): Tap {
    const { clock, writer, report } = this.#options;
    return new Tap({
      tap,
      stream,
      deadlineUs: this.#bound(deadlineUs, clock.monoUs()),
      writer,
      isAudio: (payloadType) => leg.payloads.isAudio(payloadType),
      onEnd: (ended, reason, dropped) => {
        if (leg.tap === ended) leg.tap = undefined;
        this.#taps.delete(tap);
        report({ kind: 'tap.ended', tap, stream, reason, frames: ended.frames, dropped });
      },
    });
  }

  /** However far ahead governance points, a tap outlives its last word by one tap life. */
  #bound(deadlineUs: number, nowUs: number): number {
    return Math.min(deadlineUs, nowUs + TAP_LIFE_MS * 1000);
  }
}
