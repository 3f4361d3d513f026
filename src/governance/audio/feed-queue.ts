/** Audio waiting for one processor: bounded in bytes and in age, the oldest goes first. It says what it lost. */

import { BoundedQueue } from '../../base/queue.ts';

export interface QueuedAudio {
  readonly startMs: number;
  readonly endMs: number;
  readonly pcm: Int16Array;
  /** CLOCK_MONOTONIC when it was queued. */
  readonly queuedUs: number;
  /** False for silence we put in ourselves: losing it is not a gap. */
  readonly isHeard: boolean;
}

export interface FeedQueueLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

const MAX_ITEMS = 4096;

export class FeedQueue {
  readonly #limits: FeedQueueLimits;
  readonly #items = new BoundedQueue<QueuedAudio>({ capacity: MAX_ITEMS, onFull: 'drop-oldest' });
  #bytes = 0;
  #waitingMs = 0;

  constructor(limits: FeedQueueLimits) {
    this.#limits = limits;
  }

  /** How much audio waits. */
  get waitingMs(): number {
    return this.#waitingMs;
  }

  /** Adds audio; returns what was lost to make room, oldest first. */
  push(item: QueuedAudio): QueuedAudio[] {
    const lost: QueuedAudio[] = [];
    const pushedOut = this.#items.push(item);
    this.#count(item, 1);
    if (pushedOut) {
      this.#count(pushedOut, -1);
      lost.push(pushedOut);
    }
    while (this.#bytes > this.#limits.maxBytes) {
      const oldest = this.shift();
      if (!oldest) break;
      lost.push(oldest);
    }
    return lost;
  }

  peek(): QueuedAudio | undefined {
    return this.#items.peek();
  }

  shift(): QueuedAudio | undefined {
    const item = this.#items.shift();
    if (item) this.#count(item, -1);
    return item;
  }

  /** Removes and returns what has waited too long. */
  expire(nowUs: number): QueuedAudio[] {
    const lost: QueuedAudio[] = [];
    for (let oldest = this.peek(); oldest; oldest = this.peek()) {
      if (nowUs - oldest.queuedUs < this.#limits.maxAgeMs * 1000) break;
      lost.push(oldest);
      this.shift();
    }
    return lost;
  }

  drain(): QueuedAudio[] {
    this.#bytes = 0;
    this.#waitingMs = 0;
    return this.#items.drain();
  }

  #count(item: QueuedAudio, sign: 1 | -1): void {
    this.#bytes += sign * item.pcm.byteLength;
    this.#waitingMs += sign * (item.endMs - item.startMs);
  }
}
