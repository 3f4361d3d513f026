/** Revisions of the declarative document: added, read, never changed. The document is bytes here and nothing more. */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { ConfigRevisionRow } from './schema.ts';

export type NewRevision = Omit<ConfigRevisionRow, 'revision'>;

/**
 * Adds a revision and returns its number, contiguous from 1. When the newest one has the same digest nothing is added
 * and that one is returned, so that two nodes seeding the same document make one revision.
 */
export async function addRevision(
  database: Database,
  revision: NewRevision,
): Promise<{ readonly revision: number; readonly isNew: boolean }> {
  return database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('earshot.config_revisions', 0))`.execute(transaction);
    const newest = await transaction
      .selectFrom('config_revisions')
      .select(['revision', 'digest'])
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest?.digest === revision.digest) return { revision: newest.revision, isNew: false };
    const next = (newest?.revision ?? 0) + 1;
    await transaction
      .insertInto('config_revisions')
      .values({ revision: next, ...revision })
      .execute();
    return { revision: next, isNew: true };
  });
}

/** The newest revision, or undefined in an empty database. */
export async function findNewestRevision(database: Database): Promise<ConfigRevisionRow | undefined> {
  return database.sql
    .selectFrom('config_revisions')
    .selectAll()
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
}
