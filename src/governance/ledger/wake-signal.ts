/** Lets one loop sleep until it is woken or a time has passed. A wake before the sleep is not lost. */

import type { Cancel, Clock } from '../../base/clock.ts';

export class WakeSignal {
  #isSet = false;
  #wake: (() => void) | undefined;

  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves at the next `set`, or after `limitMs`. One sleeper at a time. */
  async wait(clock: Clock, limitMs?: number): Promise<void> {
    if (!this.#isSet) {
      let cancel: Cancel | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (limitMs !== undefined) cancel = clock.after(limitMs, resolve);
      });
      cancel?.();
      this.#wake = undefined;
    }
    this.#isSet = false;
  }
}
