/**
 * The newest ledger entry of each chain that governance said was durable. Kept for governance, in memory alone: after
 * a database lost its tail in a failover, this is the witness.
 */

import type { ChainHead } from '../link/messages.ts';

/** Newest logs win: a witness that could be flooded is none, and one log's loss is noticed by any of its heads. */
const MAX_LOGS = 100_000;

export class ChainHeads {
  readonly #newest = new Map<string, ChainHead>();

  note(heads: readonly ChainHead[]): void {
    for (const head of heads) {
      const known = this.#newest.get(head.log);
      if (known?.epoch === head.epoch && known.seq > head.seq) continue;
      this.#newest.delete(head.log);
      this.#newest.set(head.log, head);
    }
    for (const log of this.#newest.keys()) {
      if (this.#newest.size <= MAX_LOGS) return;
      this.#newest.delete(log);
    }
  }

  all(): ChainHead[] {
    return [...this.#newest.values()];
  }
}
