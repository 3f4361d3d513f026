/** Makes the declarative document's newest revision the one in force: stored, recorded, and only then acted upon. */

import { CodedError } from '../../base/error.ts';
import { canonicalDocument, toRevision, type EarshotDocument } from '../../config/document.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Revision } from '../../model/tenant.ts';
import type { Ledger } from '../ledger/ledger.ts';

export class ConfigRevisionError extends CodedError<'REVISION_UNREADABLE'> {}

/** Where revisions are kept: immutable, numbered from 1. */
export interface RevisionStore {
  newest(): Promise<{ readonly revision: number; readonly digest: string; readonly document: Buffer } | undefined>;
  /** Adds it, or finds that the newest one is the same. */
  add(revision: {
    readonly digest: string;
    readonly document: Buffer;
    readonly author: string;
    readonly reason: string;
    readonly at_ms: number;
  }): Promise<{ readonly revision: number; readonly isNew: boolean }>;
}

/**
 * Stores `seed` as a new revision when it differs from the newest one; without a seed the newest stands, or `fallback`
 * in an empty database. Every start records which revision is in force, so none ever acts without an entry.
 */
export async function applyConfig(options: {
  readonly store: RevisionStore;
  readonly ledger: Ledger;
  readonly seed: EarshotDocument | undefined;
  readonly fallback: EarshotDocument;
  readonly nowMs: number;
}): Promise<Revision> {
  const { store, ledger, seed, fallback, nowMs } = options;
  const newest = await store.newest();
  const wanted = seed ?? (newest === undefined ? fallback : readStored(newest));
  const { raw, digest } = canonicalDocument(wanted);
  const reason = newest === undefined ? 'first start' : newest.digest === digest ? 'in force at start' : 'seed changed';
  const { revision } = await store.add({ digest, document: raw, author: 'seed', reason, at_ms: nowMs });
  await ledger.append(SYSTEM_LOG, { kind: 'config.revision', revision, digest, author: 'seed', reason });
  return toRevision(wanted, revision, digest);
}

/** A stored document is the read form of one that was checked; its digest says that it still is. */
function readStored(newest: {
  readonly revision: number;
  readonly digest: string;
  readonly document: Buffer;
}): EarshotDocument {
  const stored = JSON.parse(newest.document.toString('utf8')) as EarshotDocument;
  if (canonicalDocument(stored).digest === newest.digest) return stored;
  throw new ConfigRevisionError(
    'REVISION_UNREADABLE',
    `configuration revision ${newest.revision} does not match its digest`,
  );
}
