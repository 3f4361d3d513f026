/**
 * Tokens and their revocations: rows are added and found, never changed. It knows hashes only, and judges nothing but
 * that there is one first token in the life of a database.
 */

import { expressionBuilder, sql, type Expression, type SqlBool } from 'kysely';
import type { RowCondition } from '../model/access.ts';
import type { Database, Sql } from './database.ts';
import { whereCondition } from './row-condition.ts';
import type { AccessRevocationRow, AccessTokenRow } from './schema.ts';

/** Issuer of the first token. The database takes one row with it. */
export const FIRST_ISSUER = 'local';

/** A token with its end before its time, if it had one. */
export type StoredToken = Omit<AccessTokenRow, 'secret_hash'> & {
  readonly secret_hash: Buffer;
  readonly revoked_ms: number | null;
};

/** Where a page of tokens begins: after this one, newest first. */
export interface TokenPlace {
  readonly issued_ms: number;
  readonly token: string;
}

export async function addToken(database: Database, row: AccessTokenRow): Promise<void> {
  await database.sql.insertInto('access_tokens').values(row).execute();
}

/**
 * Adds the first token of the database. `added` also when this very row was stored by an attempt whose answer was lost;
 * `taken` when another one is the first, and then nothing was added.
 */
export async function addFirstToken(database: Database, row: AccessTokenRow): Promise<'added' | 'taken'> {
  await database.sql
    .insertInto('access_tokens')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const first = await findFirst(database);
  return first?.token === row.token && first.secret_hash.equals(row.secret_hash) ? 'added' : 'taken';
}

/** Whether the first token was made already. */
export async function hasFirstToken(database: Database): Promise<boolean> {
  return (await findFirst(database)) !== undefined;
}

export async function findTokenBySecret(database: Database, secretHash: Buffer): Promise<StoredToken | undefined> {
  return tokens(database.sql).where('access_tokens.secret_hash', '=', secretHash).executeTakeFirst();
}

/** The token of that id, if `condition` lets it be seen. */
export async function findToken(
  database: Database,
  token: string,
  condition: RowCondition,
): Promise<StoredToken | undefined> {
  return tokens(database.sql).where('access_tokens.token', '=', token).where(isWithin(condition)).executeTakeFirst();
}

/** Newest first. */
export async function listTokens(
  database: Database,
  page: { readonly condition: RowCondition; readonly after?: TokenPlace | undefined; readonly limit: number },
): Promise<StoredToken[]> {
  const { condition, after, limit } = page;
  let query = tokens(database.sql).where(isWithin(condition));
  if (after !== undefined) {
    query = query.where((builder) =>
      builder(
        builder.refTuple('access_tokens.issued_ms', 'access_tokens.token'),
        '<',
        builder.tuple(after.issued_ms, after.token),
      ),
    );
  }
  return query.orderBy('access_tokens.issued_ms', 'desc').orderBy('access_tokens.token', 'desc').limit(limit).execute();
}

/** Whether a token other than `than` has this role for every tenant and can still be used. */
export async function hasAnotherUsable(
  database: Database,
  wanted: { readonly role: string; readonly than: string; readonly nowMs: number },
): Promise<boolean> {
  const other = await tokens(database.sql)
    .where('access_tokens.tenants', 'is', null)
    .where('access_tokens.token', '<>', wanted.than)
    .where('access_tokens.expires_ms', '>', wanted.nowMs)
    .where('access_revocations.at_ms', 'is', null)
    .where(sql<SqlBool>`${wanted.role} = any(${sql.ref('access_tokens.roles')})`)
    .limit(1)
    .executeTakeFirst();
  return other !== undefined;
}

/** Ends a token for good. The first end counts, and is returned. */
export async function addRevocation(database: Database, row: AccessRevocationRow): Promise<AccessRevocationRow> {
  const { token, revoked_by, at_ms } = row;
  await database.sql
    .insertInto('access_revocations')
    .values({ token, revoked_by, at_ms })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return database.sql.selectFrom('access_revocations').selectAll().where('token', '=', token).executeTakeFirstOrThrow();
}

function tokens(from: Sql) {
  return from
    .selectFrom('access_tokens')
    .leftJoin('access_revocations', 'access_revocations.token', 'access_tokens.token')
    .selectAll('access_tokens')
    .select('access_revocations.at_ms as revoked_ms');
}

async function findFirst(database: Database): Promise<{ token: string; secret_hash: Buffer } | undefined> {
  return database.sql
    .selectFrom('access_tokens')
    .select(['token', 'secret_hash'])
    .where('issued_by', '=', FIRST_ISSUER)
    .executeTakeFirst();
}

/**
 * A token belongs to all of its tenants, so it is shown to those alone who may see every one of them; one for every
 * tenant, only where there is no condition at all.
 */
function isWithin(condition: RowCondition): Expression<SqlBool> {
  if (condition.kind === 'always') return sql<SqlBool>`true`;
  const one = whereCondition(expressionBuilder<Scope, 'scope'>(), condition, { tenant: 'scope.tenant' });
  return sql<SqlBool>`(
    ${sql.ref('access_tokens.tenants')} is not null and not exists (
      select from unnest(${sql.ref('access_tokens.tenants')}) as scope (tenant) where not (${one})
    )
  )`;
}

/** One of a token's tenants, as the query above calls it. */
interface Scope {
  readonly scope: { readonly tenant: string };
}
