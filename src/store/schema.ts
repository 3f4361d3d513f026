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
  /** What was decided, and by which question, for entries that rest on a decision. */
  readonly allow: boolean | null;
  readonly entrypoint: string | null;
  /** Why: code, rules and clauses of the decision, or the reason, outcome or code the entry gives. Never empty. */
  readonly words: readonly string[] | null;
  /** Types of what was redacted, those with a count above zero. Never empty. */
  readonly entities: readonly string[] | null;
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

/** A bearer token: never the secret, only SHA-256 of it. */
export interface AccessTokenRow {
  readonly token: string;
  readonly secret_hash: Buffer;
  readonly holder: string;
  readonly roles: readonly string[];
  /** Null: every tenant. */
  readonly tenants: readonly string[] | null;
  readonly issued_by: string;
  readonly issued_ms: number;
  readonly expires_ms: number;
}

/** A token's end before its time. Rows are only added, so no runtime role needs UPDATE or DELETE. */
export interface AccessRevocationRow {
  readonly token: string;
  readonly revoked_by: string;
  readonly at_ms: number;
}

export interface BundleRow {
  readonly sha256: string;
  readonly bytes: Buffer;
  readonly delivered_by: string;
  readonly at_ms: number;
}

/** A tenant's X25519 pair; the private half is sealed under root-read and selectable by the reader's role alone. */
export interface TenantKeyRow {
  readonly tenant: string;
  readonly version: number;
  readonly public_key: Buffer;
  /** By the reader's signing key, over tenant, version and public key. */
  readonly signature: Buffer;
  readonly sealed_private: Buffer;
  readonly made_ms: number;
}

/** One sealed object: its data key wrapped, and what its chunks are bound to. */
export interface SealedObjectRow {
  readonly sealed: string;
  readonly envelope: number;
  readonly tenant: string;
  readonly call: string;
  readonly class: string;
  readonly key_version: number;
  readonly wrap: Buffer;
  readonly key_commit: Buffer;
  readonly header: Buffer;
  readonly opened_ms: number;
  /** After this nothing of it may be opened any more. */
  readonly keep_until_ms: number;
}

export interface SealedChunkRow {
  readonly sealed: string;
  readonly tenant: string;
  readonly n: number;
  readonly bytes: Buffer;
  readonly is_final: boolean;
}

/** `size_bytes` is made by the database, for those who may not see `bytes`. */
export interface SealedChunkTable extends SealedChunkRow {
  readonly size_bytes: GeneratedAlways<number>;
}

export interface Tables {
  readonly entries: EntryRow;
  readonly epochs: EpochTable;
  readonly epoch_ends: EpochEndRow;
  readonly epoch_accounts: EpochAccountRow;
  readonly chains: ChainRow;
  readonly config_revisions: ConfigRevisionRow;
  readonly access_tokens: AccessTokenRow;
  readonly access_revocations: AccessRevocationRow;
  readonly bundles: BundleRow;
  readonly tenant_keys: TenantKeyRow;
  readonly sealed_objects: SealedObjectRow;
  readonly sealed_chunks: SealedChunkTable;
}
