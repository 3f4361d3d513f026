/**
 * Pairs of keys by tenant: public halves for whoever seals, the sealed private half for the reader's role alone. Rows are
 * only added; what is in them is judged elsewhere.
 */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { TenantKeyRow } from './schema.ts';
import { seeLogs } from './seen-logs.ts';

export type PublicKeyRow = Omit<TenantKeyRow, 'sealed_private'>;

/** The newest public half of each of these tenants that has one. */
export async function findPublicKeys(database: Database, tenants: readonly string[]): Promise<PublicKeyRow[]> {
  if (tenants.length === 0) return [];
  return database.sql
    .selectFrom('tenant_keys')
    .select(['tenant', 'version', 'public_key', 'signature', 'made_ms'])
    .distinctOn('tenant')
    .where((builder) => builder('tenant', '=', builder.fn.any(builder.val([...tenants]))))
    .orderBy('tenant')
    .orderBy('version', 'desc')
    .execute();
}

/** Every tenant that has a key, and so everyone of whom something may be kept. */
export async function listTenantsWithKeys(database: Database): Promise<string[]> {
  const rows = await database.sql.selectFrom('tenant_keys').select('tenant').distinct().orderBy('tenant').execute();
  return rows.map(({ tenant }) => tenant);
}

/** The pairs of one tenant, oldest first. For the reader's role. */
export async function findPairs(database: Database, tenant: string): Promise<TenantKeyRow[]> {
  return seeLogs(database, [tenant], (transaction) =>
    transaction.selectFrom('tenant_keys').selectAll().where('tenant', '=', tenant).orderBy('version').execute(),
  );
}

/**
 * Adds a tenant's first pair unless it has one; `make` is called only then, while nobody else can add one. For the
 * reader's role. Returns whether it was added.
 */
export async function addFirstPair(
  database: Database,
  tenant: string,
  make: () => Promise<TenantKeyRow>,
): Promise<boolean> {
  return database.sql.transaction().execute(async (transaction) => {
    await sql`select set_config('earshot.logs', ${tenant}, true)`.execute(transaction);
    await sql`select pg_advisory_xact_lock(hashtextextended(${`tenant_key/${tenant}`}::text, 0))`.execute(transaction);
    const known = await transaction.selectFrom('tenant_keys').select('version').limit(1).execute();
    if (known.length > 0) return false;
    await transaction
      .insertInto('tenant_keys')
      .values(await make())
      .execute();
    return true;
  });
}
