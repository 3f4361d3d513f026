/** One watcher's place in the stream of events: a bounded queue that loses its oldest and says how many. */

import { BoundedQueue } from '../../base/queue.ts';
import type { Delivery, StampedEvent } from './events.ts';

export class Subscription implements AsyncIterable<Delivery> {
  readonly #queue: BoundedQueue<StampedEvent>;
  readonly #accepts: (event: StampedEvent) => boolean;
  readonly #onClose: () => void;
  #missed = 0;
  #isClosed = false;
  #waiting: ((delivery: Delivery | undefined) => void)[] = [];

  constructor(options: {
    readonly capacity: number;
    readonly accepts: (event: StampedEvent) => boolean;
    readonly onClose: () => void;
  }) {
    this.#queue = new BoundedQueue({ capacity: options.capacity, onFull: 'drop-oldest' });
    this.#accepts = options.accepts;
    this.#onClose = options.onClose;
  }

  /** Takes an event if it is meant for this watcher; never waits. */
  offer(event: StampedEvent): void {
    if (this.#isClosed || !this.#accepts(event)) return;
    if (this.#queue.push(event) !== undefined) this.#missed += 1;
    this.#waiting.shift()?.(this.#take());
  }

  /** Notes events that were gone before they could be offered. */
  miss(count: number): void {
    this.#missed += count;
  }

  /** The next delivery, when there is one; undefined after `close`, once what was queued has been taken. */
  next(): Promise<Delivery | undefined> {
    const delivery = this.#take();
    if (delivery !== undefined || this.#isClosed) return Promise.resolve(delivery);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    this.#onClose();
  }

  /** Deliveries until it is closed; leaving the loop closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Delivery> {
    try {
      for (let delivery = await this.next(); delivery !== undefined; delivery = await this.next()) yield delivery;
    } finally {
      this.close();
    }
  }

  /** What was missed is older than all that is queued, so it is told first. */
  #take(): Delivery | undefined {
    if (this.#missed === 0) return this.#queue.shift();
    const count = this.#missed;
    this.#missed = 0;
    return { kind: 'missed', count };
  }
}
