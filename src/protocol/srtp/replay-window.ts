/** Sliding window over the last 128 indices (RFC 3711 §3.3.2 asks for 64). It remembers; callers decide. */

const WINDOW = 128;

export type Freshness = 'fresh' | 'seen' | 'old';

export class ReplayWindow {
  #highest: number;
  /** Slot of an index is its remainder: 1 when seen. */
  readonly #seen = new Uint8Array(WINDOW);

  /**
   * A window that stands at `highest` (-1 for nothing yet). What it saw before is unknown, so everything up to there
   * counts as seen: after a restart a late packet is lost rather than a replayed one accepted.
   */
  constructor(highest = -1) {
    this.#highest = highest;
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
      for (let step = 0; step < skipped; step++) this.#seen[(index - step) % WINDOW] = 0;
      this.#highest = index;
    }
    this.#seen[index % WINDOW] = 1;
  }
}
