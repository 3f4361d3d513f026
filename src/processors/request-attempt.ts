/** One request's deadlines and its caller's own signal, as one signal that knows why it ended the request. */

import type { Cancel, Clock } from '../base/clock.ts';

export class RequestAttempt {
  readonly #clock: Clock;
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timers = new Map<'total' | 'phase', Cancel>();
  #whyEnded: 'deadline' | 'cancelled' | undefined;

  constructor(clock: Clock, caller: AbortSignal) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller.aborted) this.#onCancel();
    else caller.addEventListener('abort', this.#onCancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was ended by us; undefined when it was not. */
  get whyEnded(): 'deadline' | 'cancelled' | undefined {
    return this.#whyEnded;
  }

  /** The same promise, but rejected at once when the request is ended: not everything heeds a signal that quickly. */
  async untilEnded<Value>(promise: Promise<Value>): Promise<Value> {
    // When ended first, what becomes of the promise later concerns nobody.
    promise.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const onEnd = (): void => reject(new Error('request ended'));
      if (this.signal.aborted) onEnd();
      this.signal.addEventListener('abort', onEnd, { once: true });
      promise.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', onEnd));
    });
  }

  /** Starts a deadline anew: of the whole, or of what is being waited for now. */
  limit(of: 'total' | 'phase', delayMs: number): void {
    this.#timers.get(of)?.();
    this.#timers.set(
      of,
      this.#clock.after(delayMs, () => this.#end('deadline')),
    );
  }

  finish(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#caller.removeEventListener('abort', this.#onCancel);
  }

  readonly #onCancel = (): void => this.#end('cancelled');

  #end(why: 'deadline' | 'cancelled'): void {
    this.#whyEnded ??= why;
    this.#controller.abort();
  }
}
