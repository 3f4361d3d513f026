/** Sliding window over the last 128 indices (RFC 3711 §3.3.2 asks for 64). It remembers; callers decide. */

const WINDOW = 128;

export type Freshness = 'fresh' | 'seen' | 'old';

export class ReplayWindow {
  #highest: number;
  /** Steps forward that leave nothing behind them to come late. */
  #strictSteps: number;
  /** Slot of an index is its remainder: 1 when seen. */
  readonly #seen = new Uint8Array(WINDOW);

  /**
   * A window that stands at `highest` (-1 for nothing yet). What it saw before is unknown, and so is how much further it
   * was when it was last written down. So everything up to there counts as seen, and so does, for a window's length, what
   * is passed over: after a restart a late packet is lost rather than a replayed one accepted.
   */
  constructor(highest = -1) {
    this.#highest = highest;
    this.#strictSteps = highest >= 0 ? WINDOW : 0;
    if (highest >= 0) this.#seen.fill(1);
  }

  get highest(): number {
    return this.#highest;
  }

  /** Pure: asks, changes nothing. */
  check(index: number): Freshness {
    if (index > this.#highest) return 'fresh';
    if (index < 0 || index <= this.#highest - WINDOW) return 'old';
    return this.#seen[index % WINDOW] === 1 ? 'seen' : 'fresh';
  }

  /** Marks a fresh index; call it only once the packet is authentic (or, when sending, protected). */
  commit(index: number): void {
    if (index > this.#highest) {
      const skipped = Math.min(index - this.#highest, WINDOW);
      const passed = this.#strictSteps > 0 ? 1 : 0;
      for (let step = 0; step < skipped; step++) this.#seen[(index - step) % WINDOW] = passed;
      this.#highest = index;
      this.#strictSteps -= passed;
    }
    this.#seen[index % WINDOW] = 1;
  }
}
