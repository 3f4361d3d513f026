/** Questions about calls, as their entries tell of them: which there were, where one is recorded, and all it left. */

import { sql, type Expression, type ExpressionBuilder, type SqlBool, type Transaction } from 'kysely';
import type { RowCondition } from '../model/access.ts';
import type { Database } from './database.ts';
import { whereCondition } from './row-condition.ts';
import { findScanEdge, isWithinEdge } from './scan-edge.ts';
import type { EntryRow, Tables } from './schema.ts';
import { seeLogs } from './seen-logs.ts';

export interface CallQuestion {
  readonly logs: readonly string[];
  /** Over the field `tenant`. */
  readonly condition: RowCondition;
  /** Calls whose close is recorded. */
  readonly isClosed?: true | undefined;
  /** Calls of which this processor was given audio or text. */
  readonly processor?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Not included. */
  readonly untilMs?: number | undefined;
  readonly after?: CallPlace | undefined;
  readonly limit: number;
}

/** Where a call stands in the order of its opening; no two stand in the same place, and none where the call is ''. */
export interface CallPlace {
  readonly atMs: number;
  readonly call: string;
}

export interface CallsFound {
  /** May be fewer than asked for, and none, though there are more. */
  readonly rows: readonly EntryRow[];
  /** After which the next page begins; absent when everything was looked at. */
  readonly next?: CallPlace;
}

export interface CallName {
  readonly log: string;
  readonly call: string;
}

/** An entry of a call, and whether a `void` says that nothing may have come of it. */
export type CallEntryRow = EntryRow & { readonly is_voided: boolean };

const PAGE_ROWS = 500;
/** Calls that one page looks at, over all its logs together, where each has to be asked about its entries. */
const SCAN_CALLS = 2000;

/** The first `call.open` of each call, newest first: a call taken up again after a restart is opened once more. */
export async function findCallOpenings(database: Database, question: CallQuestion): Promise<CallsFound> {
  const { logs, limit } = question;
  if (logs.length === 0) return { rows: [] };
  return seeLogs(database, logs, async (transaction) => {
    const edgeMs = await findScanEdge(transaction, {
      logs,
      order: 'desc',
      scanRows: Math.max(SCAN_CALLS, limit + 1),
      where: (builder) => builder.and([builder('entries.kind', '=', 'call.open'), ...placeParts(builder, question)]),
    });
    const found = await findRows(transaction, question, edgeMs);
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    if (found.length > limit && last !== undefined) return { rows, next: { atMs: last.at_ms, call: last.call ?? '' } };
    return edgeMs === undefined ? { rows } : { rows, next: { atMs: edgeMs, call: '' } };
  });
}

/** In which of these logs the call is recorded; undefined where none of them knows it. */
export async function locateCall(
  database: Database,
  place: { readonly logs: readonly string[]; readonly condition: RowCondition; readonly call: string },
): Promise<string | undefined> {
  if (place.logs.length === 0) return undefined;
  const found = await seeLogs(database, place.logs, (transaction) =>
    transaction
      .selectFrom('entries')
      .select('log')
      .where((builder) => builder('log', '=', builder.fn.any(builder.val([...place.logs]))))
      .where('call', '=', place.call)
      .where((builder) => whereCondition(builder, place.condition, { tenant: 'entries.log' }))
      .limit(1)
      .executeTakeFirst(),
  );
  return found?.log;
}

/** Entries of these calls, or those of some kinds, call after call and each in the order of time; read in pages. */
export async function* readCallEntries(
  database: Database,
  asked: { readonly calls: readonly CallName[]; readonly condition: RowCondition; readonly kinds?: readonly string[] },
): AsyncGenerator<CallEntryRow> {
  if (asked.calls.length === 0) return;
  for (let after: CallEntryRow | undefined; ;) {
    const page = await readPage(database, asked, after);
    yield* page;
    after = page.at(-1);
    if (after === undefined || page.length < PAGE_ROWS) return;
  }
}

function readPage(
  database: Database,
  { calls, condition, kinds }: Parameters<typeof readCallEntries>[1],
  after: CallEntryRow | undefined,
): Promise<CallEntryRow[]> {
  const logs = [...new Set(calls.map(({ log }) => log))];
  const wanted = sql<CallName>`unnest(${calls.map(({ log }) => log)}::text[], ${calls.map(({ call }) => call)}::text[])`;
  return seeLogs(database, logs, (transaction) =>
    transaction
      .selectFrom(wanted.as<'wanted'>(sql`wanted(log, call)`))
      .innerJoin('entries', (join) =>
        join.onRef('entries.log', '=', 'wanted.log').onRef('entries.call', '=', 'wanted.call'),
      )
      .selectAll('entries')
      .select(isVoided.as('is_voided'))
      .where((builder) => whereCondition(builder, condition, { tenant: 'entries.log' }))
      .where((builder) =>
        kinds === undefined ? builder.lit(true) : builder('entries.kind', '=', builder.fn.any(builder.val([...kinds]))),
      )
      .where((builder) => (after === undefined ? builder.lit(true) : isPast(after)))
      .orderBy('entries.log')
      .orderBy('entries.call')
      .orderBy('entries.at_ms')
      .orderBy('entries.node')
      .orderBy('entries.epoch')
      .orderBy('entries.seq')
      .limit(PAGE_ROWS)
      .execute(),
  );
}

/** By an entry of the same chain. */
const isVoided = sql<boolean>`exists (
  select from earshot.entries as voiding
  where voiding.month = entries.month and voiding.log = entries.log and voiding.node = entries.node
    and voiding.epoch = entries.epoch and voiding.voided_seq = entries.seq
)`;

function isPast({ log, call, at_ms, node, epoch, seq }: CallEntryRow): Expression<SqlBool> {
  return sql<SqlBool>`(entries.log, entries.call, entries.at_ms, entries.node, entries.epoch, entries.seq) >
    (${log}::text, ${call}::text, ${at_ms}::bigint, ${node}::text, ${epoch}::text, ${seq}::bigint)`;
}

type EntryBuilder = ExpressionBuilder<Tables, 'entries'>;

function findRows(
  transaction: Transaction<Tables>,
  question: CallQuestion,
  edgeMs: number | undefined,
): Promise<EntryRow[]> {
  const { logs, condition, limit } = question;
  return transaction
    .selectFrom(sql<{ wanted: string }>`unnest(${[...logs]}::text[])`.as('wanted'))
    .innerJoinLateral(
      (within) =>
        within
          .selectFrom('entries')
          .selectAll('entries')
          .whereRef('entries.log', '=', 'wanted.wanted')
          .where('entries.kind', '=', 'call.open')
          .where((builder) => whereCondition(builder, condition, { tenant: 'entries.log' }))
          .where((builder) => builder.and([...placeParts(builder, question), ...callParts(question)]))
          .where((builder) => isWithinEdge(builder, 'desc', edgeMs))
          .orderBy('entries.at_ms', 'desc')
          .orderBy('entries.call', 'desc')
          .limit(limit + 1)
          .as('found'),
      (join) => join.onTrue(),
    )
    .selectAll('found')
    .orderBy('found.at_ms', 'desc')
    .orderBy('found.call', 'desc')
    .limit(limit + 1)
    .execute();
}

function placeParts(builder: EntryBuilder, { sinceMs, untilMs, after }: CallQuestion): Expression<SqlBool>[] {
  const parts: (Expression<SqlBool> | false)[] = [
    sinceMs !== undefined && builder('entries.at_ms', '>=', sinceMs),
    untilMs !== undefined && builder('entries.at_ms', '<', untilMs),
    after !== undefined &&
      sql<SqlBool>`entries.at_ms <= ${after.atMs}
        and (entries.at_ms, entries.call) < (${after.atMs}::bigint, ${after.call}::text)`,
  ];
  return parts.filter((part) => part !== false);
}

function callParts({ isClosed, processor }: CallQuestion): Expression<SqlBool>[] {
  const parts: (Expression<SqlBool> | false)[] = [
    sql<SqlBool>`not exists (
      select from earshot.entries as former
      where former.log = entries.log and former.call = entries.call and former.kind = 'call.open'
        and former.at_ms <= entries.at_ms
        and (former.at_ms, former.node, former.epoch, former.seq)
          < (entries.at_ms, entries.node, entries.epoch, entries.seq)
    )`,
    isClosed === true &&
      sql<SqlBool>`exists (
        select from earshot.entries as closing
        where closing.log = entries.log and closing.call = entries.call and closing.kind = 'call.close'
      )`,
    processor !== undefined &&
      sql<SqlBool>`exists (
        select from earshot.entries as given
        where given.log = entries.log and given.call = entries.call and given.processor = ${processor}
          and given.kind in ('lease.open', 'release.request')
      )`,
  ];
  return parts.filter((part) => part !== false);
}
