/** How much one source address sent in the current second. Cheap, bounded, and forgetful: it counts, others judge. */

import type { Clock } from '../../base/clock.ts';

const WINDOW_US = 1_000_000;
const MAX_SOURCES = 10_000;
/** Sources past the limit share one count, so that a flood of spoofed addresses cannot grow the table. */
const EVERYONE_ELSE = '';

export class SourceMeter {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #counts = new Map<string, number>();
  #windowStartUs = 0;

  constructor(options: { readonly clock: Clock; readonly perSecond: number }) {
    this.#clock = options.clock;
    this.#perSecond = options.perSecond;
  }

  /** Counts one for `source`; false when it had its share of this second already. */
  admit(source: string): boolean {
    const nowUs = this.#clock.monoUs();
    if (nowUs - this.#windowStartUs >= WINDOW_US) {
      this.#counts.clear();
      this.#windowStartUs = nowUs;
    }
    const known = this.#counts.has(source) || this.#counts.size < MAX_SOURCES;
    const key = known ? source : EVERYONE_ELSE;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#perSecond;
  }
}
