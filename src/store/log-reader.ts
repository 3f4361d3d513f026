/**
 * Reads one log as the `query` role: the log is named inside each transaction, and row security shows nothing else.
 * Pages are small, so a reader never holds a snapshot for long.
 */

import { sql, type Transaction } from 'kysely';
import { SYSTEM_LOG } from '../model/evidence.ts';
import type { Database } from './database.ts';
import type { ChainRow, EntryRow, Tables } from './schema.ts';

const PAGE_ROWS = 500;

/** The names of every log there is, `system` first. For readers entitled to the system log. */
export async function listLogs(database: Database): Promise<string[]> {
  const rows = await readLog(database, SYSTEM_LOG, (transaction) =>
    transaction.selectFrom('chains').select('log').distinct().orderBy('log').execute(),
  );
  const names = rows.map((row) => row.log);
  return [...names.filter((name) => name === SYSTEM_LOG), ...names.filter((name) => name !== SYSTEM_LOG)];
}

/**
 * The whole ledger as its verifier wants it: the system log first, then every other. Chains of epochs younger than the
 * newest system chain read are left for the next time, because their heartbeats would be missing.
 */
export async function* readLedger(database: Database): AsyncGenerator<EntryRow> {
  const witnessed = await listChains(database, SYSTEM_LOG);
  const newest = Math.max(...witnessed.map((chain) => chain.ordinal));
  for (const chain of witnessed) yield* readChain(database, chain);
  for (const log of await listLogs(database)) {
    if (log === SYSTEM_LOG) continue;
    for (const chain of await listChains(database, log)) {
      if (chain.ordinal <= newest) yield* readChain(database, chain);
    }
  }
}

/** Every entry of a log: chain after chain in the order they were opened, each from its first entry to its last. */
export async function* readEntries(database: Database, log: string): AsyncGenerator<EntryRow> {
  for (const chain of await listChains(database, log)) yield* readChain(database, chain);
}

/** The entries of one call within a log, in order of time. */
export async function readCallEntries(
  database: Database,
  place: { readonly log: string; readonly call: string; readonly limit: number },
): Promise<EntryRow[]> {
  return readLog(database, place.log, (transaction) =>
    transaction
      .selectFrom('entries')
      .selectAll()
      .where('log', '=', place.log)
      .where('call', '=', place.call)
      .orderBy('at_ms')
      .orderBy('epoch')
      .orderBy('seq')
      .limit(place.limit)
      .execute(),
  );
}

interface OpenedChain extends ChainRow {
  readonly ordinal: number;
}

function listChains(database: Database, log: string): Promise<OpenedChain[]> {
  return readLog(database, log, (transaction) =>
    transaction
      .selectFrom('chains')
      .innerJoin('epochs', (join) =>
        join.onRef('epochs.node', '=', 'chains.node').onRef('epochs.epoch', '=', 'chains.epoch'),
      )
      .select(['chains.log', 'chains.node', 'chains.epoch', 'chains.month', 'epochs.ordinal'])
      .where('chains.log', '=', log)
      .orderBy('epochs.ordinal')
      .execute(),
  );
}

async function* readChain(database: Database, chain: ChainRow): AsyncGenerator<EntryRow> {
  for (let after = -1; ;) {
    const page = await readLog(database, chain.log, (transaction) => readPage(transaction, chain, after));
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE_ROWS) return;
    after = last.seq;
  }
}

function readPage(transaction: Transaction<Tables>, chain: ChainRow, after: number): Promise<EntryRow[]> {
  return transaction
    .selectFrom('entries')
    .selectAll()
    .where('month', '=', chain.month)
    .where('log', '=', chain.log)
    .where('node', '=', chain.node)
    .where('epoch', '=', chain.epoch)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(PAGE_ROWS)
    .execute();
}

/** One read-only transaction that sees `log` alone; the setting dies with it. */
function readLog<Result>(
  database: Database,
  log: string,
  read: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return database.sql
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      await sql`select set_config('earshot.log', ${log}, true)`.execute(transaction);
      return read(transaction);
    });
}
