/**
 * Sealed objects and their chunks: added by whoever seals, listed by size for those who may know of them, fetched by the
 * reader's role alone. It never looks into what is sealed.
 */

import { sql, type SqlBool, type Transaction } from 'kysely';
import type { RowCondition } from '../model/access.ts';
import type { Database } from './database.ts';
import { whereCondition } from './row-condition.ts';
import type { SealedChunkRow, SealedObjectRow, Tables } from './schema.ts';
import { seeLogs } from './seen-logs.ts';

/** Adding the same object again does nothing, so that an attempt whose fate is unknown can be repeated. */
export async function addSealedObject(database: Database, row: SealedObjectRow): Promise<void> {
  await database.sql
    .insertInto('sealed_objects')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function addSealedChunk(database: Database, row: SealedChunkRow): Promise<void> {
  await database.sql
    .insertInto('sealed_chunks')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Both verbs over one connection pool, as whoever keeps wants them. */
export function sealedStoreOf(database: Database): {
  addObject(row: SealedObjectRow): Promise<void>;
  addChunk(row: SealedChunkRow): Promise<void>;
} {
  return { addObject: (row) => addSealedObject(database, row), addChunk: (row) => addSealedChunk(database, row) };
}

/** What is known of an object without opening it. */
export interface ListedObject {
  readonly sealed: string;
  readonly tenant: string;
  readonly call: string;
  readonly class: string;
  readonly opened_ms: number;
  readonly chunks: number;
  readonly size_bytes: number;
}

export interface SealedQuestion {
  readonly tenants: readonly string[];
  /** Over the field `tenant`. */
  readonly condition: RowCondition;
  readonly call?: string | undefined;
  /** Objects that may no longer be opened are not listed. */
  readonly nowMs: number;
  readonly after?: { readonly openedMs: number; readonly sealed: string } | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listSealed(database: Database, question: SealedQuestion): Promise<ListedObject[]> {
  const { tenants, condition, call, nowMs, after, limit } = question;
  return seeLogs(database, tenants, async (transaction) => {
    let query = transaction
      .selectFrom('sealed_objects')
      .innerJoinLateral(
        (within) =>
          within
            .selectFrom('sealed_chunks')
            .select((chunk) => [
              chunk.fn.count<number>('n').as('chunks'),
              chunk.fn.coalesce(chunk.fn.sum<number>('size_bytes'), chunk.lit(0)).as('size_bytes'),
            ])
            .whereRef('sealed_chunks.sealed', '=', 'sealed_objects.sealed')
            .as('held'),
        (join) => join.onTrue(),
      )
      .select([
        'sealed_objects.sealed',
        'sealed_objects.tenant',
        'sealed_objects.call',
        'sealed_objects.class',
        'sealed_objects.opened_ms',
        'held.chunks',
        'held.size_bytes',
      ])
      .where('keep_until_ms', '>', nowMs)
      .where((builder) => whereCondition(builder, condition, { tenant: 'sealed_objects.tenant' }));
    if (call !== undefined) query = query.where('sealed_objects.call', '=', call);
    if (after !== undefined) {
      query = query.where(
        sql<SqlBool>`(sealed_objects.opened_ms, sealed_objects.sealed) < (${after.openedMs}, ${after.sealed})`,
      );
    }
    return query
      .orderBy('sealed_objects.opened_ms', 'desc')
      .orderBy('sealed_objects.sealed', 'desc')
      .limit(limit)
      .execute();
  });
}

/** Which of these tenants have something sealed of that call. By the listing role. */
export async function findTenantsOfCall(
  database: Database,
  asked: { readonly tenants: readonly string[]; readonly call: string },
): Promise<string[]> {
  if (asked.tenants.length === 0) return [];
  const rows = await seeLogs(database, asked.tenants, (transaction) =>
    transaction.selectFrom('sealed_objects').select('tenant').distinct().where('call', '=', asked.call).execute(),
  );
  return rows.map(({ tenant }) => tenant);
}

/** An object as it is stored, with its chunks in their order. */
export interface StoredObject extends SealedObjectRow {
  readonly chunks: readonly SealedChunkRow[];
}

/** More than a call of a day leaves; who put more there did not seal it. */
const MAX_OBJECTS = 64;
const MAX_CHUNKS = 20_000;

/** What is stored of one call, and what the ledger says of it: raw entries of `retention.open` and `retention.close`. */
export interface SealedCall {
  /** Oldest first. */
  readonly objects: readonly StoredObject[];
  readonly evidence: readonly Buffer[];
}

/**
 * Everything sealed of one call. In one view of the database: what is held against the ledger must be of the same moment,
 * or a call that is still being kept would look tampered with. For the reader's role.
 */
export async function fetchSealedCall(
  database: Database,
  place: { readonly tenant: string; readonly call: string },
): Promise<SealedCall> {
  return database.sql
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      await sql`select set_config('earshot.logs', ${place.tenant}, true)`.execute(transaction);
      const objects = await transaction
        .selectFrom('sealed_objects')
        .selectAll()
        .where('tenant', '=', place.tenant)
        .where('call', '=', place.call)
        .orderBy('opened_ms')
        .orderBy('sealed')
        .limit(MAX_OBJECTS)
        .execute();
      const whole: StoredObject[] = [];
      for (const object of objects) whole.push({ ...object, chunks: await fetchChunks(transaction, object.sealed) });
      return { objects: whole, evidence: await fetchEvidence(transaction, place) };
    });
}

function fetchChunks(transaction: Transaction<Tables>, sealed: string): Promise<SealedChunkRow[]> {
  return transaction
    .selectFrom('sealed_chunks')
    .select(['sealed', 'tenant', 'n', 'bytes', 'is_final'])
    .where('sealed', '=', sealed)
    .orderBy('n')
    .limit(MAX_CHUNKS)
    .execute();
}

async function fetchEvidence(
  transaction: Transaction<Tables>,
  place: { readonly tenant: string; readonly call: string },
): Promise<Buffer[]> {
  const rows = await transaction
    .selectFrom('entries')
    .select('raw')
    .where('log', '=', place.tenant)
    .where('call', '=', place.call)
    .where('kind', 'in', ['retention.open', 'retention.close'])
    .limit(4 * MAX_OBJECTS)
    .execute();
  return rows.map(({ raw }) => raw);
}
