/**
 * Accounts for dead writers: ends their epochs, queues the entries that say what was left, and tells the store once all
 * of those are durable. A crash in between leaves the account open, and the next start does it again.
 */

import type { Clock } from '../../base/clock.ts';
import type { EntryBody } from '../../model/evidence.ts';
import { abandonEpochs, accountForRemains, type Abandonment } from './abandon.ts';
import type { ChainStore } from './chain-store.ts';
import type { Patience } from './patience.ts';

interface Account {
  readonly epochs: Abandonment['epochs'];
  outstanding: number;
}

export interface RemainsOptions {
  readonly store: ChainStore;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly queue: (log: string, body: EntryBody, onDurable: () => void) => void;
  readonly onAbandoned: (found: Abandonment) => void;
}

export class Remains {
  readonly #options: RemainsOptions;
  readonly #accounts: Account[] = [];

  constructor(options: RemainsOptions) {
    this.#options = options;
  }

  /** Ends the epochs of `node`, all or those before one, and queues what there is to say about them. */
  async collect(node: string, before?: string): Promise<Abandonment> {
    const { store, clock, patience, queue, onAbandoned } = this.#options;
    const nowMs = Math.trunc(clock.wallMs());
    const found = await patience.insist(() => abandonEpochs(store, { node, before, nowMs }));
    if (found.epochs.length === 0) return found;
    const entries = accountForRemains(found);
    const account: Account = { epochs: found.epochs, outstanding: entries.length };
    this.#accounts.push(account);
    for (const { log, body } of entries) queue(log, body, () => (account.outstanding -= 1));
    onAbandoned(found);
    return found;
  }

  /** Closes the accounts whose entries are all durable, naming the epoch that holds them. */
  async settle(byEpoch: string): Promise<void> {
    for (let first = this.#accounts[0]; first?.outstanding === 0; first = this.#accounts[0]) {
      for (const { node, epoch } of first.epochs) {
        const account = { node, epoch, by_epoch: byEpoch };
        await this.#options.patience.insist(() => this.#options.store.accountForEpoch(account));
      }
      this.#accounts.shift();
    }
  }
}
