/** Policy bundles under their SHA-256: added, read, never changed. Whether the bytes are a policy is not judged here. */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { BundleRow } from './schema.ts';

/** Adds a bundle; false when it was there already, whoever brought it. The database checks that the digest is theirs. */
export async function addBundle(database: Database, bundle: BundleRow): Promise<boolean> {
  const added = await database.sql
    .insertInto('bundles')
    .values(bundle)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** The bytes of a bundle; undefined when nobody has delivered it. */
export async function findBundle(database: Database, sha256: string): Promise<Buffer | undefined> {
  const found = await database.sql
    .selectFrom('bundles')
    .select('bytes')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return found?.bytes;
}

/** Which of `digests` are stored. */
export async function findStoredBundles(database: Database, digests: readonly string[]): Promise<ReadonlySet<string>> {
  if (digests.length === 0) return new Set();
  const found = await database.sql
    .selectFrom('bundles')
    .select('sha256')
    .where(sql<boolean>`sha256 = any(${[...digests]}::text[])`)
    .execute();
  return new Set(found.map(({ sha256 }) => sha256));
}
