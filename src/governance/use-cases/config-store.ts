/** Where revisions of the document and the bundles they name are kept: what the configuration's use cases ask of a database. */

import { addBundle, findBundle, findStoredBundles } from '../../store/bundles.ts';
import {
  addRevision,
  findNewestHead,
  findNewestRevision,
  findRevision,
  listRevisions,
  type AddedRevision,
  type NewRevision,
  type RevisionHead,
} from '../../store/config-revisions.ts';
import type { Database } from '../../store/database.ts';
import type { BundleRow, ConfigRevisionRow } from '../../store/schema.ts';

/** Every verb rejects with a StoreError when the database cannot be asked. */
export interface ConfigStore {
  newest(): Promise<ConfigRevisionRow | undefined>;
  newestHead(): Promise<Pick<ConfigRevisionRow, 'revision' | 'digest'> | undefined>;
  find(revision: number): Promise<ConfigRevisionRow | undefined>;
  list(page: { readonly before: number | undefined; readonly limit: number }): Promise<RevisionHead[]>;
  /** To follow the revision numbered `after`, 0 in an empty database. */
  add(revision: NewRevision, after: number): Promise<AddedRevision>;
  findBundle(sha256: string): Promise<Buffer | undefined>;
  storedBundles(digests: readonly string[]): Promise<ReadonlySet<string>>;
  /** False when it was there already. */
  addBundle(bundle: BundleRow): Promise<boolean>;
}

/** Over the `app` role's connection. */
export function configStoreOf(database: Database): ConfigStore {
  return {
    newest: () => findNewestRevision(database),
    newestHead: () => findNewestHead(database),
    find: (revision) => findRevision(database, revision),
    list: (page) => listRevisions(database, page),
    add: (revision, after) => addRevision(database, revision, after),
    findBundle: (sha256) => findBundle(database, sha256),
    storedBundles: (digests) => findStoredBundles(database, digests),
    addBundle: (bundle) => addBundle(database, bundle),
  };
}
