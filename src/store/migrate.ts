/**
 * Brings the schema up to date from `migrations/NNNN-*.sql`, in order, all or nothing, one runner at a time. Only the
 * owner can; a runtime role never could.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Migrator, sql, type Kysely, type Migration, type MigrationProvider } from 'kysely';
import { packageRoot } from '../base/package-root.ts';
import { describeDriverError, StoreError } from './error.ts';
import { ensureMonth } from './epochs.ts';
import { monthAfter, monthOf } from './month.ts';
import { SCHEMA } from './schema.ts';
import type { Database } from './database.ts';

const MIGRATION_FILE = /^\d{4}-[a-z0-9-]+\.sql$/;

/** Runs what has not run yet and makes the partitions of this month and the next. Returns the names of what ran. */
export async function migrate(database: Database, nowMs: number): Promise<string[]> {
  const migrator = new Migrator({
    db: database.sql.withoutPlugins() as Kysely<unknown>,
    provider: sqlFiles(join(packageRoot, 'migrations')),
    migrationTableSchema: SCHEMA,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw explain(error, results?.find((result) => result.status === 'Error')?.migrationName);
  const month = monthOf(nowMs);
  for (const wanted of [month, monthAfter(month)]) await ensureMonth(database, wanted);
  return (results ?? []).map((result) => result.migrationName);
}

/** Text without parameters goes by the simple protocol, so a file may hold several statements. */
function sqlFiles(folder: string): MigrationProvider {
  return {
    async getMigrations(): Promise<Record<string, Migration>> {
      const names = (await readdir(folder)).filter((name) => MIGRATION_FILE.test(name)).sort();
      const migrations: Record<string, Migration> = {};
      for (const name of names) {
        const text = await readFile(join(folder, name), 'utf8');
        migrations[name.replace(/\.sql$/, '')] = {
          up: async (db) => {
            await sql.raw(text).execute(db);
          },
        };
      }
      return migrations;
    },
  };
}

function explain(thrown: unknown, name: string | undefined): StoreError {
  const error = describeDriverError(thrown);
  if (error.code === 'UNREACHABLE' || error.code === 'TIMEOUT') return error;
  if (error.message.includes('42704')) {
    return new StoreError('ROLE_MISSING', 'roles are missing: run migrations/provision.sql as an administrator');
  }
  return new StoreError('MIGRATION_FAILED', `migration ${name ?? 'set-up'} failed: ${error.message}`);
}
