/**
 * Entries as rows: added in batches, all or none, never changed. The only file that reads or writes `raw`, which it
 * treats as bytes.
 */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import { holdEpochOpen, isEpochOpen } from './epochs.ts';
import type { ChainRow, EntryRow } from './schema.ts';

/**
 * `committed`: every row is durable, now or since an earlier attempt. `fenced`: the epoch was ended, nothing was added.
 * `conflict`: another entry stands where one of these should.
 */
export type AppendOutcome = 'committed' | 'fenced' | 'conflict';

/** Columns and their types, in the order they are sent. */
const COLUMNS = {
  month: 'integer',
  log: 'text',
  node: 'text',
  epoch: 'text',
  seq: 'bigint',
  prev: 'bytea',
  leaf: 'bytea',
  raw: 'bytea',
  kind: 'text',
  at_ms: 'bigint',
  call: 'text',
  stream: 'text',
  processor: 'text',
  lease: 'text',
  release: 'text',
  from_ms: 'bigint',
  through_ms: 'bigint',
  captured_through_ms: 'bigint',
  max_bytes: 'bigint',
  voided_seq: 'bigint',
  allow: 'boolean',
  entrypoint: 'text',
  words: 'text[]',
  entities: 'text[]',
} as const satisfies Readonly<Record<keyof EntryRow, string>>;

const COLUMN_NAMES = Object.keys(COLUMNS) as readonly (keyof EntryRow)[];
const COLUMN_LIST = sql.join(COLUMN_NAMES.map((name) => sql.ref(name)));
/** As they arrive: a list is the text of a Postgres array, because `unnest` would take an array of arrays apart. */
const ARRIVED_LIST = sql.join(
  COLUMN_NAMES.map((name) => (isList(name) ? sql`${sql.ref(name)}::text[]` : sql.ref(name))),
);

/** Adds rows of one epoch. May be repeated with the same rows until its fate is known. */
export async function appendEntries(database: Database, rows: readonly EntryRow[]): Promise<AppendOutcome> {
  const [first] = rows;
  if (!first) return 'committed';
  const add = database.sql.transaction().execute(async (transaction): Promise<AppendOutcome> => {
    await holdEpochOpen(transaction, first);
    if (!(await isEpochOpen(transaction, first))) return 'fenced';
    const added = await sql`
      insert into earshot.entries (${COLUMN_LIST})
      select ${ARRIVED_LIST}
      from unnest(${sql.join(COLUMN_NAMES.map((name) => columnOf(rows, name)))}) as arrived (${COLUMN_LIST})
      on conflict do nothing`.execute(transaction);
    if (added.numAffectedRows !== BigInt(rows.length)) {
      if (added.numAffectedRows === 0n && (await areStored(transaction, rows))) return 'committed';
      throw new PlaceTaken();
    }
    const chains = rows
      .filter((row) => row.seq === 0)
      .map(({ log, node, epoch, month }) => ({ log, node, epoch, month }));
    if (chains.length > 0) await transaction.insertInto('chains').values(chains).execute();
    return 'committed';
  });
  return add.catch((thrown: unknown) => {
    if (thrown instanceof PlaceTaken) return 'conflict';
    throw thrown;
  });
}

/** Whether the chain has exactly this entry at this place. */
export async function hasEntry(
  database: Database,
  place: { readonly log: string; readonly epoch: string; readonly seq: number; readonly leaf: Buffer },
): Promise<boolean> {
  const found = await database.sql
    .selectFrom('chains')
    .innerJoin('entries', (join) =>
      join
        .onRef('entries.month', '=', 'chains.month')
        .onRef('entries.log', '=', 'chains.log')
        .onRef('entries.node', '=', 'chains.node')
        .onRef('entries.epoch', '=', 'chains.epoch'),
    )
    .select('entries.leaf')
    .where('chains.log', '=', place.log)
    .where('chains.epoch', '=', place.epoch)
    .where('entries.seq', '=', place.seq)
    .executeTakeFirst();
  return found?.leaf.equals(place.leaf) ?? false;
}

/** The last entry of a chain; undefined when it has none. */
export async function findHead(
  database: Database,
  chain: ChainRow,
): Promise<{ readonly seq: number; readonly leaf: Buffer } | undefined> {
  return database.sql
    .selectFrom('entries')
    .select(['seq', 'leaf'])
    .where('month', '=', chain.month)
    .where('log', '=', chain.log)
    .where('node', '=', chain.node)
    .where('epoch', '=', chain.epoch)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** A lease that was opened or renewed in the given epochs of a node and closed in none of them. */
export interface OpenLease {
  readonly log: string;
  readonly lease: string;
  readonly call: string;
  readonly stream: string;
  readonly processor: string;
  /** How far its audio is known to have been captured, and how far it was allowed to be. */
  readonly captured_through_ms: number;
  readonly through_ms: number;
  readonly max_bytes: number;
}

export async function findOpenLeases(
  database: Database,
  epochs: readonly { readonly node: string; readonly epoch: string; readonly month: number }[],
): Promise<OpenLease[]> {
  const [first] = epochs;
  if (!first) return [];
  const months = [...new Set(epochs.map(({ month }) => month))];
  const names = epochs.map(({ epoch }) => epoch);
  const { rows } = await sql<OpenLease>`
    with of_leases as (
      select * from (
        select log, epoch, seq, kind, lease, call, stream, processor, from_ms, through_ms, captured_through_ms, max_bytes
        from earshot.entries
        where month = any(${months}::integer[]) and node = ${first.node} and epoch = any(${names}::text[])
          and lease is not null
      ) as said
      where not exists (
        select from earshot.entries as voiding
        where voiding.month = any(${months}::integer[]) and voiding.node = ${first.node}
          and voiding.epoch = said.epoch and voiding.voided_seq = said.seq and voiding.log = said.log
      )
    )
    select log, lease, call, stream, processor,
      coalesce(max(captured_through_ms), min(from_ms)) as captured_through_ms,
      max(through_ms) as through_ms,
      max(max_bytes) as max_bytes
    from of_leases
    group by log, lease, call, stream, processor
    having not bool_or(kind = 'lease.close')
    order by log, lease`.execute(database.sql);
  return rows;
}

/** Rows as one array parameter per column: a statement of constant text, whatever the size of the batch. */
function columnOf(rows: readonly EntryRow[], name: keyof EntryRow): ReturnType<typeof sql> {
  if (isList(name)) return sql`${rows.map((row) => arrayText(row[name]))}::text[]`;
  return sql`${rows.map((row) => row[name])}::${sql.raw(COLUMNS[name])}[]`;
}

type ListColumn = {
  [Name in keyof EntryRow]: EntryRow[Name] extends readonly string[] | null ? Name : never;
}[keyof EntryRow];

function isList(name: keyof EntryRow): name is ListColumn {
  return COLUMNS[name] === 'text[]';
}

/** An array as Postgres reads it: every item quoted, so that nothing in one can end it, and only these two escaped. */
function arrayText(items: readonly string[] | null): string | null {
  if (items === null) return null;
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

async function areStored(within: Database['sql'], rows: readonly EntryRow[]): Promise<boolean> {
  const { rows: stored } = await sql<{ log: string; seq: number; leaf: Buffer }>`
    select stored.log, stored.seq, stored.leaf
    from unnest(
      ${columnOf(rows, 'month')}, ${columnOf(rows, 'log')}, ${columnOf(rows, 'node')}, ${columnOf(rows, 'epoch')},
      ${columnOf(rows, 'seq')}
    ) as wanted (month, log, node, epoch, seq)
    join earshot.entries as stored using (month, log, node, epoch, seq)`.execute(within);
  const leaves = new Map(stored.map((row) => [`${row.seq}/${row.log}`, row.leaf]));
  return rows.every((row) => leaves.get(`${row.seq}/${row.log}`)?.equals(row.leaf) === true);
}

/** Rolls the transaction back, so that a batch of which only a part could be added adds nothing. */
class PlaceTaken extends Error {}
