/** How many requests one processor gets at a time, and how many may wait: both bounded, first come, first served. */

import { BoundedQueue } from '../base/queue.ts';

interface Waiter {
  readonly resume: () => void;
}

export class RequestSlots {
  readonly #waiting: BoundedQueue<Waiter>;
  #free: number;
  /** Waiters that gave up stay in the queue until their turn, and are passed over. */
  readonly #gone = new Set<Waiter>();

  constructor(options: { readonly concurrency: number; readonly queue: number }) {
    this.#free = options.concurrency;
    this.#waiting = new BoundedQueue({ capacity: options.queue, onFull: 'refuse' });
  }

  /** `taken` once there is a slot; `full` at once when too many wait; `gone` when the signal ended the wait. */
  async take(signal: AbortSignal): Promise<'taken' | 'full' | 'gone'> {
    if (signal.aborted) return 'gone';
    if (this.#free > 0) {
      this.#free -= 1;
      return 'taken';
    }
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#gone.add(waiter);
        resolve('gone');
      };
      const waiter: Waiter = {
        resume: () => {
          signal.removeEventListener('abort', onAbort);
          resolve('taken');
        },
      };
      if (this.#waiting.push(waiter) === undefined) signal.addEventListener('abort', onAbort, { once: true });
      else resolve('full');
    });
  }

  /** Gives a slot back, to the one that has waited longest. */
  release(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#gone.delete(next)) continue;
      next.resume();
      return;
    }
    this.#free += 1;
  }
}
