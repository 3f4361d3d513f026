/** A ChainStore in memory with the same promises as Postgres, whose answers a test can delay, lose or refuse. */

import type { ChainStore } from '../../../src/governance/ledger/chain-store.ts';
import { StoreError } from '../../../src/store/error.ts';
import type { OpenLease } from '../../../src/store/entries.ts';
import type { EntryRow, EpochAccountRow, EpochEndRow, EpochRow } from '../../../src/store/schema.ts';

type Fault = 'down' | 'reply_lost' | 'hold';

export class MemoryStore implements ChainStore {
  readonly rows: EntryRow[] = [];
  readonly epochs: EpochRow[] = [];
  readonly ends: EpochEndRow[] = [];
  readonly accounts: EpochAccountRow[] = [];
  readonly batches: number[] = [];
  attempts = 0;
  #fault: Fault | undefined;
  #release: (() => void) | undefined;

  /** From now on: `down` refuses, `reply_lost` does the work and then fails, `hold` waits for `resume`. */
  fail(fault: Fault): void {
    this.#fault = fault;
  }

  resume(): void {
    this.#fault = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  openEpoch(epoch: EpochRow): Promise<void> {
    return this.#answer(() => {
      if (!this.epochs.some((known) => known.epoch === epoch.epoch)) this.epochs.push(epoch);
    });
  }

  append(rows: readonly EntryRow[]): Promise<'committed' | 'fenced' | 'conflict'> {
    this.attempts += 1;
    return this.#answer(() => {
      const epoch = rows[0]?.epoch ?? '';
      if (!this.epochs.some((known) => known.epoch === epoch)) return 'fenced';
      if (this.ends.some((end) => end.epoch === epoch)) return 'fenced';
      const stored = rows.map((row) => this.#find(row));
      if (stored.every((row, index) => row?.leaf.equals(rows[index]!.leaf))) return 'committed';
      if (stored.some((row) => row !== undefined)) return 'conflict';
      this.rows.push(...rows);
      this.batches.push(rows.length);
      return 'committed';
    });
  }

  endEpoch(end: EpochEndRow): Promise<void> {
    return this.#answer(() => {
      if (!this.ends.some((known) => known.epoch === end.epoch)) this.ends.push(end);
    });
  }

  findUnaccountedEpochs({ node, before }: { node: string; before: string | undefined }): Promise<EpochRow[]> {
    return this.#answer(() =>
      this.epochs.filter(
        (epoch, index) =>
          epoch.node === node &&
          (before === undefined || index < this.epochs.findIndex((known) => known.epoch === before)) &&
          !this.accounts.some((account) => account.epoch === epoch.epoch) &&
          this.ends.find((end) => end.epoch === epoch.epoch)?.how !== 'closed',
      ),
    );
  }

  findClosedEpochs(node: string, sinceMs: number): Promise<EpochRow[]> {
    const isClosed = (epoch: EpochRow) =>
      this.ends.some((end) => end.epoch === epoch.epoch && end.how === 'closed' && end.at_ms >= sinceMs);
    return this.#answer(() => this.epochs.filter((epoch) => epoch.node === node && isClosed(epoch)));
  }

  accountForEpoch(account: EpochAccountRow): Promise<void> {
    return this.#answer(() => void this.accounts.push(account));
  }

  findHeads(epoch: EpochRow) {
    return this.#answer(() => {
      const heads = new Map<string, EntryRow>();
      for (const row of this.rows) if (row.epoch === epoch.epoch) heads.set(row.log, row);
      return [...heads.values()].map((row) => ({
        log: row.log,
        epoch: row.epoch,
        seq: row.seq,
        leaf: row.leaf.toString('hex'),
      }));
    });
  }

  findOpenLeases(epochs: readonly EpochRow[]): Promise<OpenLease[]> {
    return this.#answer(() => {
      const rows = this.rows.filter((row) => epochs.some((epoch) => epoch.epoch === row.epoch) && row.lease !== null);
      const names = [...new Set(rows.map((row) => row.lease))];
      return names.flatMap((lease) => {
        const said = rows.filter((row) => row.lease === lease);
        if (said.some((row) => row.kind === 'lease.close')) return [];
        const last = said.at(-1)!;
        return [
          {
            log: last.log,
            lease: lease!,
            call: last.call!,
            stream: last.stream!,
            processor: last.processor!,
            captured_through_ms: last.captured_through_ms ?? last.from_ms!,
            through_ms: last.through_ms!,
            max_bytes: last.max_bytes!,
          },
        ];
      });
    });
  }

  hasEntry(place: { log: string; epoch: string; seq: number; leaf: string }): Promise<boolean> {
    return this.#answer(() =>
      this.rows.some(
        (row) =>
          row.log === place.log &&
          row.epoch === place.epoch &&
          row.seq === place.seq &&
          row.leaf.toString('hex') === place.leaf,
      ),
    );
  }

  /** Rows in the order a verifier wants them: the system log first, each chain from its first entry. */
  forVerifier(): EntryRow[] {
    const isSystem = (row: EntryRow) => row.log === 'system';
    return [...this.rows.filter(isSystem), ...this.rows.filter((row) => !isSystem(row))];
  }

  kindsOf(log: string): string[] {
    return this.rows.filter((row) => row.log === log).map((row) => row.kind);
  }

  #find(row: EntryRow): EntryRow | undefined {
    return this.rows.find((known) => known.log === row.log && known.epoch === row.epoch && known.seq === row.seq);
  }

  async #answer<Result>(work: () => Result): Promise<Result> {
    await Promise.resolve();
    if (this.#fault === 'hold') {
      await new Promise<void>((resolve) => {
        const release = this.#release;
        this.#release = () => {
          release?.();
          resolve();
        };
      });
    }
    const unreachable = new StoreError('UNREACHABLE', 'the database cannot be reached');
    if (this.#fault === 'down') throw unreachable;
    const result = work();
    if (this.#fault === 'reply_lost') throw unreachable;
    return result;
  }
}
