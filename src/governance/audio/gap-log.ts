/** Gathers gaps of one stream, so that a thousand lost packets become a few marks: per reason and processor, per flush. */

import type { ProcessorId, StreamId } from '../../base/ids.ts';
import type { Gap, GapReason } from '../../model/audio.ts';

/** A mark, and how many holes it stands for. */
export interface GatheredGap {
  readonly gap: Gap;
  readonly count: number;
}

interface Open {
  readonly reason: GapReason;
  readonly processor: ProcessorId | undefined;
  fromMs: number;
  toMs: number;
  count: number;
}

export class GapLog {
  readonly #stream: StreamId;
  readonly #open = new Map<string, Open>();

  constructor(stream: StreamId) {
    this.#stream = stream;
  }

  note(reason: GapReason, fromMs: number, toMs: number, processor?: ProcessorId): void {
    const key = `${reason} ${processor ?? ''}`;
    const open = this.#open.get(key);
    if (!open) {
      this.#open.set(key, { reason, processor, fromMs, toMs, count: 1 });
      return;
    }
    open.fromMs = Math.min(open.fromMs, fromMs);
    open.toMs = Math.max(open.toMs, toMs);
    open.count += 1;
  }

  /** Hands out what was gathered since the last flush, in whole ms that contain it. */
  flush(): GatheredGap[] {
    const gathered = [...this.#open.values()].map(({ reason, processor, fromMs, toMs, count }) => ({
      gap: {
        stream: this.#stream,
        ...(processor === undefined ? {} : { processor }),
        reason,
        fromMs: Math.floor(fromMs),
        toMs: Math.ceil(toMs),
      },
      count,
    }));
    this.#open.clear();
    return gathered;
  }
}
