/**
 * The chains of one epoch: opens each with its first entry, knows what is durable, and closes them all. Knows nothing
 * of queues or the database.
 */

import type { EntryBody } from '../../model/evidence.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { EntryRow, EpochRow } from '../../store/schema.ts';
import { Chain, receiptOf, type Instant } from './chain.ts';
import { heartbeatsOf } from './heartbeat.ts';
import type { Receipt } from './ledger.ts';

export class EpochChains {
  readonly epoch: EpochRow;
  readonly #software: string;
  /** Heads of this node's chains before this epoch, by log. */
  readonly #previous: ReadonlyMap<string, Receipt>;
  readonly #chains = new Map<string, Chain>();
  readonly #heads = new Map<string, Receipt>();
  #unused: Receipt[] = [];

  constructor(options: {
    readonly epoch: EpochRow;
    readonly software: string;
    readonly previous: ReadonlyMap<string, Receipt>;
  }) {
    this.epoch = options.epoch;
    this.#software = options.software;
    this.#previous = options.previous;
  }

  /** Last durable entry of every chain. */
  get heads(): Receipt[] {
    return [...this.#heads.values()];
  }

  /** Gives an entry its place; two rows when it is the first of its log. The last row is the entry's own. */
  place(log: string, body: EntryBody, instant: Instant, now: Instant): EntryRow[] {
    const known = this.#chains.get(log);
    if (known) return [known.add(body, instant)];
    const chain = new Chain({ log, node: this.epoch.node, epoch: this.epoch.epoch, month: this.epoch.month });
    this.#chains.set(log, chain);
    const previous = this.#previous.get(log);
    const opening = { kind: 'epoch.open', software: this.#software, ...(previous ? { previous } : {}) } as const;
    return [chain.add(opening, now), chain.add(body, instant)];
  }

  /** Remembers what the store confirmed. */
  confirm(rows: readonly EntryRow[]): void {
    for (const row of rows) this.#heads.set(row.log, receiptOf(row));
  }

  /** Marks a durable entry that nobody waited for any more: a `void` follows it. */
  markUnused(receipt: Receipt): void {
    this.#unused.push(receipt);
  }

  /** Places a `void` after every unused entry. */
  voidUnused(now: Instant): EntryRow[] {
    const unused = this.#unused;
    this.#unused = [];
    return unused.flatMap(({ log, seq }) => this.place(log, { kind: 'void', voided_seq: seq }, now, now));
  }

  /** Closes every chain but the system's, which is closed last, over their final heads. */
  closeTenants(now: Instant): EntryRow[] {
    return [...this.#chains.values()]
      .filter((chain) => chain.name.log !== SYSTEM_LOG)
      .map((chain) => chain.add({ kind: 'epoch.close', entries: chain.length + 1 }, now));
  }

  closeSystem(now: Instant): EntryRow[] {
    const commitments = heartbeatsOf(this.heads).flatMap((body) => this.place(SYSTEM_LOG, body, now, now));
    const chain = this.#chains.get(SYSTEM_LOG);
    return chain ? [...commitments, chain.add({ kind: 'epoch.close', entries: chain.length + 1 }, now)] : commitments;
  }
}
