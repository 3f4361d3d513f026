/**
 * Questions to the entries of several logs at once, answered page by page in the order of time. A page begins after a
 * place, never at a number of rows, so that entries added meanwhile neither repeat a row nor skip one; and it looks at a
 * bounded number of entries, so that a question nothing answers is not a question that never ends.
 */

import { sql, type Expression, type ExpressionBuilder, type SqlBool, type Transaction } from 'kysely';
import type { RowCondition } from '../model/access.ts';
import type { Database } from './database.ts';
import { whereCondition } from './row-condition.ts';
import { findScanEdge, isWithinEdge } from './scan-edge.ts';
import type { EntryRow, Tables } from './schema.ts';
import { seeLogs } from './seen-logs.ts';

/** Where an entry stands in the order of time; no two entries stand in the same place, and none where the log is ''. */
export interface EntryPlace {
  readonly atMs: number;
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Every part that is there must hold. */
export interface EntryFilter {
  readonly kinds?: readonly string[] | undefined;
  readonly call?: string | undefined;
  readonly processor?: string | undefined;
  /** Entries that rest on a decision that said so. */
  readonly allow?: boolean | undefined;
  readonly entrypoint?: string | undefined;
  readonly word?: string | undefined;
  readonly entity?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Not included. */
  readonly untilMs?: number | undefined;
}

export interface EntryQuestion {
  /** What may be seen at all. */
  readonly logs: readonly string[];
  /** Over the field `tenant`. */
  readonly condition: RowCondition;
  readonly filter: EntryFilter;
  readonly order: 'asc' | 'desc';
  readonly after?: EntryPlace | undefined;
  readonly limit: number;
}

export interface EntriesFound {
  /** May be fewer than asked for, and none, though there are more. */
  readonly rows: readonly EntryRow[];
  /** After which the next page begins; absent when everything was looked at. */
  readonly next?: EntryPlace;
}

/** Entries that one page looks at, over all its logs together, where no index knows the answer. */
const SCAN_ROWS = 20_000;

/** One page. Each log is read off its own index and the pages are merged, so that a thousand logs cost no sort of all. */
export async function findEntries(database: Database, question: EntryQuestion): Promise<EntriesFound> {
  const { logs, filter, order, limit } = question;
  if (logs.length === 0 || isUnaskable(filter)) return { rows: [] };
  return seeLogs(database, logs, async (transaction) => {
    const edgeMs = isIndexed(filter) ? undefined : await findEdge(transaction, question);
    const found = await findRows(transaction, question, edgeMs);
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    if (found.length > limit && last !== undefined) return { rows, next: placeOf(last) };
    return edgeMs === undefined ? { rows } : { rows, next: placeBeyond(edgeMs, order) };
  });
}

/** The place between two moments: past it is everything that is later than `edgeMs`, or in descending order earlier. */
export function placeBeyond(edgeMs: number, order: 'asc' | 'desc'): EntryPlace {
  return { atMs: order === 'asc' ? edgeMs + 1 : edgeMs, log: '', node: '', epoch: '', seq: 0 };
}

function placeOf(row: EntryRow): EntryPlace {
  return { atMs: row.at_ms, log: row.log, node: row.node, epoch: row.epoch, seq: row.seq };
}

type EntryBuilder = ExpressionBuilder<Tables, 'entries'>;

function findRows(
  transaction: Transaction<Tables>,
  { logs, condition, filter, order, after, limit }: EntryQuestion,
  edgeMs: number | undefined,
): Promise<EntryRow[]> {
  return transaction
    .selectFrom(sql<{ wanted: string }>`unnest(${[...logs]}::text[])`.as('wanted'))
    .innerJoinLateral(
      (within) =>
        within
          .selectFrom('entries')
          .selectAll('entries')
          .whereRef('entries.log', '=', 'wanted.wanted')
          .where((builder) => whereCondition(builder, condition, { tenant: 'entries.log' }))
          .where((builder) => builder.and([...indexedParts(builder, filter), ...otherParts(builder, filter)]))
          .where((builder) => isPast(builder, order, after))
          .where((builder) => isWithinEdge(builder, order, edgeMs))
          .orderBy('entries.at_ms', order)
          .orderBy('entries.log', order)
          .orderBy('entries.node', order)
          .orderBy('entries.epoch', order)
          .orderBy('entries.seq', order)
          .limit(limit + 1)
          .as('found'),
      (join) => join.onTrue(),
    )
    .selectAll('found')
    .orderBy('found.at_ms', order)
    .orderBy('found.log', order)
    .orderBy('found.node', order)
    .orderBy('found.epoch', order)
    .orderBy('found.seq', order)
    .limit(limit + 1)
    .execute();
}

function findEdge(
  transaction: Transaction<Tables>,
  { logs, filter, order, after }: EntryQuestion,
): Promise<number | undefined> {
  return findScanEdge(transaction, {
    logs,
    order,
    scanRows: SCAN_ROWS,
    where: (builder) => builder.and([...indexedParts(builder, filter), isPast(builder, order, after)]),
  });
}

/** Whether an index leads to what is asked for, or almost. */
function isIndexed({ word, entity, entrypoint, call }: EntryFilter): boolean {
  return call !== undefined || (word === undefined && entity === undefined && entrypoint === undefined);
}

function indexedParts(builder: EntryBuilder, filter: EntryFilter): Expression<SqlBool>[] {
  const parts: (Expression<SqlBool> | false | undefined)[] = [
    filter.kinds && builder('entries.kind', '=', builder.fn.any(builder.val([...filter.kinds]))),
    filter.call !== undefined && builder('entries.call', '=', filter.call),
    filter.processor !== undefined && builder('entries.processor', '=', filter.processor),
    // A literal, so that the index of what was denied is known to answer.
    filter.allow !== undefined && builder('entries.allow', '=', builder.lit(filter.allow)),
    filter.sinceMs !== undefined && builder('entries.at_ms', '>=', filter.sinceMs),
    filter.untilMs !== undefined && builder('entries.at_ms', '<', filter.untilMs),
  ];
  return parts.filter((part) => part !== undefined && part !== false);
}

/** A GIN index would find words, but never for a reader under row security: its operators may leak what they compare. */
function otherParts(builder: EntryBuilder, filter: EntryFilter): Expression<SqlBool>[] {
  const parts: (Expression<SqlBool> | false)[] = [
    filter.entrypoint !== undefined && builder('entries.entrypoint', '=', filter.entrypoint),
    filter.word !== undefined && sql<SqlBool>`${filter.word} = any(${sql.ref('entries.words')})`,
    filter.entity !== undefined && sql<SqlBool>`${filter.entity} = any(${sql.ref('entries.entities')})`,
  ];
  return parts.filter((part) => part !== false);
}

/** Past the place in the order asked for. The bound on time alone says where in the index to begin. */
function isPast(builder: EntryBuilder, order: 'asc' | 'desc', after: EntryPlace | undefined): Expression<SqlBool> {
  if (after === undefined) return builder.lit(true);
  const { atMs, log, node, epoch, seq } = after;
  const operator = order === 'asc' ? '>' : '<';
  const place = sql`(entries.at_ms, entries.log, entries.node, entries.epoch, entries.seq)`;
  const isPastPlace = sql<SqlBool>`${place} ${sql.raw(operator)}
    (${atMs}::bigint, ${log}::text, ${node}::text, ${epoch}::text, ${seq}::bigint)`;
  return builder.and([builder('entries.at_ms', `${operator}=`, atMs), isPastPlace]);
}

/** No text in Postgres holds U+0000: asked for one, it would fail where the answer is that nothing says it. */
function isUnaskable({ word, entity }: EntryFilter): boolean {
  return word?.includes('\0') === true || entity?.includes('\0') === true;
}
