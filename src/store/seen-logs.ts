/** One read-only transaction that sees the logs it names and no other: row security does the rest, and forgets with it. */

import { sql, type Transaction } from 'kysely';
import { assert } from '../base/assert.ts';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';

/** The second wall behind every query's own conditions. Without a log nothing is seen. */
export function seeLogs<Result>(
  database: Database,
  logs: readonly string[],
  read: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  assert(!logs.some((log) => log === '' || log.includes(',')), 'a log is named by a word without commas');
  return database.sql
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      await sql`select set_config('earshot.logs', ${logs.join(',')}, true)`.execute(transaction);
      return read(transaction);
    });
}
