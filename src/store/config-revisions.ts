/** Revisions of the declarative document: added, read, never changed. The document is bytes here and nothing more. */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { ConfigRevisionRow } from './schema.ts';

export type NewRevision = Omit<ConfigRevisionRow, 'revision'>;

/** Everything about a revision but the document itself. */
export type RevisionHead = Omit<ConfigRevisionRow, 'document'>;

export type AddedRevision =
  | { readonly kind: 'added'; readonly revision: number }
  /** The newest one is this very document: two nodes that seed the same make one revision. */
  | { readonly kind: 'same'; readonly revision: number }
  /** Somebody added another one meanwhile. */
  | { readonly kind: 'conflict'; readonly revision: number };

/** Adds a revision to follow the one numbered `after` (0 in an empty database). Numbers are contiguous from 1. */
export async function addRevision(database: Database, revision: NewRevision, after: number): Promise<AddedRevision> {
  return database.sql.transaction().execute(async (transaction): Promise<AddedRevision> => {
    await sql`select pg_advisory_xact_lock(hashtextextended('earshot.config_revisions', 0))`.execute(transaction);
    const newest = await transaction
      .selectFrom('config_revisions')
      .select(['revision', 'digest'])
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest?.digest === revision.digest) return { kind: 'same', revision: newest.revision };
    const last = newest?.revision ?? 0;
    if (last !== after) return { kind: 'conflict', revision: last };
    const row: ConfigRevisionRow = { revision: last + 1, ...revision };
    await transaction.insertInto('config_revisions').values(row).execute();
    return { kind: 'added', revision: row.revision };
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

/** Number and digest of the newest revision, without its document: cheap enough to ask for every few seconds. */
export async function findNewestHead(
  database: Database,
): Promise<Pick<ConfigRevisionRow, 'revision' | 'digest'> | undefined> {
  return database.sql
    .selectFrom('config_revisions')
    .select(['revision', 'digest'])
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function findRevision(database: Database, revision: number): Promise<ConfigRevisionRow | undefined> {
  return database.sql.selectFrom('config_revisions').selectAll().where('revision', '=', revision).executeTakeFirst();
}

/** Newest first, below the revision `before` where one is given. */
export async function listRevisions(
  database: Database,
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<RevisionHead[]> {
  return database.sql
    .selectFrom('config_revisions')
    .select(['revision', 'digest', 'author', 'reason', 'at_ms'])
    .$if(page.before !== undefined, (query) => query.where('revision', '<', page.before ?? 0))
    .orderBy('revision', 'desc')
    .limit(page.limit)
    .execute();
}
