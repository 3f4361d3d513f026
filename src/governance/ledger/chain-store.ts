/** What the chain writer needs of a store, and the Postgres behind it. Everything here may be repeated without harm. */

import type { Database } from '../../store/database.ts';
import {
  appendEntries,
  findHead,
  findOpenLeases,
  hasEntry,
  type AppendOutcome,
  type OpenLease,
} from '../../store/entries.ts';
import {
  accountForEpoch,
  endEpoch,
  ensureMonth,
  findChains,
  findClosedEpochs,
  findUnaccountedEpochs,
  openEpoch,
} from '../../store/epochs.ts';
import { monthAfter } from '../../store/month.ts';
import type { EntryRow, EpochAccountRow, EpochEndRow, EpochRow } from '../../store/schema.ts';
import type { Receipt } from './ledger.ts';

export interface ChainStore {
  /** Records the epoch and makes its partition and the next one. */
  openEpoch(epoch: EpochRow): Promise<void>;
  append(rows: readonly EntryRow[]): Promise<AppendOutcome>;
  /** When this returns, nothing can be added to the epoch any more. */
  endEpoch(end: EpochEndRow): Promise<void>;
  /**
   * Epochs of `node` left open by a dead writer, and ended ones whose remains were not written down; oldest first.
   * With `before`, only those opened before that epoch.
   */
  findUnaccountedEpochs(of: { readonly node: string; readonly before: string | undefined }): Promise<EpochRow[]>;
  findClosedEpochs(node: string, sinceMs: number): Promise<EpochRow[]>;
  accountForEpoch(account: EpochAccountRow): Promise<void>;
  /** Last entries of every chain of an epoch. */
  findHeads(epoch: EpochRow): Promise<Receipt[]>;
  findOpenLeases(epochs: readonly EpochRow[]): Promise<OpenLease[]>;
  hasEntry(place: Receipt): Promise<boolean>;
}

/** The store over a connection of the `writer` role. */
export function postgresChainStore(database: Database): ChainStore {
  return {
    async openEpoch(epoch) {
      await ensureMonth(database, epoch.month);
      await ensureMonth(database, monthAfter(epoch.month));
      await openEpoch(database, epoch);
    },
    append: (rows) => appendEntries(database, rows),
    async endEpoch(end) {
      await endEpoch(database, end);
    },
    findUnaccountedEpochs: (of) => findUnaccountedEpochs(database, of),
    findClosedEpochs: (node, sinceMs) => findClosedEpochs(database, node, sinceMs),
    accountForEpoch: (account) => accountForEpoch(database, account),
    async findHeads(epoch) {
      const heads: Receipt[] = [];
      for (const chain of await findChains(database, epoch)) {
        const head = await findHead(database, chain);
        if (head) heads.push({ log: chain.log, epoch: chain.epoch, seq: head.seq, leaf: head.leaf.toString('hex') });
      }
      return heads;
    },
    findOpenLeases: (epochs) => findOpenLeases(database, epochs),
    hasEntry: ({ log, epoch, seq, leaf }) => hasEntry(database, { log, epoch, seq, leaf: Buffer.from(leaf, 'hex') }),
  };
}
