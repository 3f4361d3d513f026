/** Makes the declarative document's newest revision the one in force: stored, recorded, then acted upon. */

import { canonicalDocument, toRevision, type EarshotDocument } from '../../config/document.ts';
import { CodedError } from '../../base/error.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Revision } from '../../model/tenant.ts';
import type { Ledger } from '../ledger/ledger.ts';

export class ConfigRevisionError extends CodedError<'STORED_REVISION_UNREADABLE'> {}

/** Where revisions are kept: immutable, numbered from 1. */
export interface RevisionStore {
  newest(): Promise<{ readonly revision: number; readonly digest: string; readonly document: Uint8Array } | undefined>;
  add(revision: {
    readonly revision: number;
    readonly digest: string;
    readonly document: Uint8Array;
    readonly author: string;
    readonly reason: string;
    readonly atMs: number;
  }): Promise<void>;
}

/**
 * Stores `seed` as a new revision when it differs from the newest one, and records that before it takes effect.
 * Without a seed the newest revision stands, or `fallback` where there is none.
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
  const wanted = seed ?? (newest === undefined ? fallback : undefined);
  if (wanted === undefined) return readStored(newest);
  const { raw, digest } = canonicalDocument(wanted);
  if (newest?.digest === digest) return toRevision(wanted, newest.revision, digest);
  const revision = (newest?.revision ?? 0) + 1;
  const author = 'seed';
  const reason = newest === undefined ? 'first start' : 'seed document changed';
  await ledger.append(SYSTEM_LOG, { kind: 'config.revision', revision, digest, author, reason });
  await store.add({ revision, digest, document: raw, author, reason, atMs: nowMs });
  return toRevision(wanted, revision, digest);
}

function readStored(newest: Awaited<ReturnType<RevisionStore['newest']>>): Revision {
  if (newest === undefined) throw new ConfigRevisionError('STORED_REVISION_UNREADABLE', 'there is no revision');
  // What was stored is the read form of the document: hops are already objects, so it is trusted by its digest.
  const stored = JSON.parse(Buffer.from(newest.document).toString('utf8')) as EarshotDocument;
  if (canonicalDocument(stored).digest !== newest.digest) {
    throw new ConfigRevisionError(
      'STORED_REVISION_UNREADABLE',
      `revision ${newest.revision} does not match its digest`,
    );
  }
  return toRevision(stored, newest.revision, newest.digest);
}
