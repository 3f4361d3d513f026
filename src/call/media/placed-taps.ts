/** Which worker has which tap, and what is told of a tap whose worker cannot say it any more. */

import type { StreamId, TapId } from '../../base/ids.ts';
import type { TapRefusal } from '../../link/messages.ts';
import type { TapReport } from './messages.ts';

export interface TapHandlers {
  onTapOpened(tap: TapId, stream: StreamId): void;
  onTapRefused(tap: TapId, stream: StreamId, reason: TapRefusal): void;
  onTapEnded(ended: TapEnded): void;
}

export type TapEnded = Omit<Extract<TapReport, { kind: 'tap.ended' }>, 'kind'>;

interface PlacedTap {
  readonly stream: StreamId;
  readonly worker: number;
  isOpen: boolean;
}

export class PlacedTaps {
  readonly #handlers: TapHandlers;
  readonly #taps = new Map<TapId, PlacedTap>();

  constructor(handlers: TapHandlers) {
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#taps.size;
  }

  place(tap: TapId, stream: StreamId, worker: number): void {
    if (!this.#taps.has(tap)) this.#taps.set(tap, { stream, worker, isOpen: false });
  }

  workerOf(tap: TapId): number | undefined {
    return this.#taps.get(tap)?.worker;
  }

  report(report: TapReport): void {
    const { tap, stream } = report;
    switch (report.kind) {
      case 'tap.opened': {
        const placed = this.#taps.get(tap);
        if (placed) placed.isOpen = true;
        this.#handlers.onTapOpened(tap, stream);
        return;
      }
      case 'tap.refused':
        if (this.#taps.get(tap)?.isOpen === false) this.#taps.delete(tap);
        this.#handlers.onTapRefused(tap, stream, report.reason);
        return;
      case 'tap.ended': {
        const { reason, frames, dropped } = report;
        this.#taps.delete(tap);
        this.#handlers.onTapEnded({ tap, stream, reason, frames, dropped });
        return;
      }
    }
  }

  /** Every tap of that worker is over. */
  endOf(gone: number): void {
    for (const [tap, { stream, worker, isOpen }] of this.#taps) {
      if (worker !== gone) continue;
      this.#taps.delete(tap);
      if (isOpen) this.#handlers.onTapEnded({ tap, stream, reason: 'worker_down', frames: 0, dropped: 0 });
      else this.#handlers.onTapRefused(tap, stream, 'worker_down');
    }
  }
}
