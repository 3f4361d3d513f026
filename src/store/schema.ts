/** The tables as kysely sees them. Columns of entries bear the names of the entry's own fields. */

import type { GeneratedAlways } from 'kysely';

export const SCHEMA = 'earshot';

/** What queries need of an entry. All of it can be computed again from `raw`, and the verifier does. */
export interface Projections {
  readonly kind: string;
  readonly at_ms: number;
  readonly call: string | null;
  readonly stream: string | null;
  readonly processor: string | null;
  readonly lease: string | null;
  readonly release: string | null;
  readonly from_ms: number | null;
  readonly through_ms: number | null;
  readonly captured_through_ms: number | null;
  readonly max_bytes: number | null;
  readonly voided_seq: number | null;
}

/** One entry as stored. `leaf` is SHA-256(0x00 ‖ raw); `prev` the leaf before it in its chain. */
export interface EntryRow extends Projections {
  /** Partition, such as 202611: the UTC month in which the epoch was opened. */
  readonly month: number;
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
  readonly prev: Buffer;
  readonly leaf: Buffer;
  readonly raw: Buffer;
}

export interface EpochRow {
  readonly node: string;
  readonly epoch: string;
  readonly month: number;
  readonly opened_ms: number;
}

/** `ordinal` is the order of opening, given by the database. */
export interface EpochTable extends EpochRow {
  readonly ordinal: GeneratedAlways<number>;
}

export interface EpochEndRow {
  readonly node: string;
  readonly epoch: string;
  readonly how: 'closed' | 'abandoned';
  readonly at_ms: number;
}

/** Says that what an abandoned epoch left open has been written down, in which epoch. */
export interface EpochAccountRow {
  readonly node: string;
  readonly epoch: string;
  readonly by_epoch: string;
}

export interface ChainRow {
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
  readonly month: number;
}

export interface ConfigRevisionRow {
  readonly revision: number;
  /** SHA-256 (hex) of `document`. */
  readonly digest: string;
  readonly document: Buffer;
  readonly author: string;
  readonly reason: string;
  readonly at_ms: number;
}

export interface Tables {
  readonly entries: EntryRow;
  readonly epochs: EpochTable;
  readonly epoch_ends: EpochEndRow;
  readonly epoch_accounts: EpochAccountRow;
  readonly chains: ChainRow;
  readonly config_revisions: ConfigRevisionRow;
}
