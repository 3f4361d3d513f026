/**
 * Reads whole logs as the `query` role, chain after chain, as a verifier wants them. Pages are small, so a reader never
 * holds a snapshot for long.
 */

import { sql, type Transaction } from 'kysely';
import type { RowCondition } from '../model/access.ts';
import { SYSTEM_LOG } from '../model/evidence.ts';
import type { Database } from './database.ts';
import { whereCondition } from './row-condition.ts';
import type { ChainRow, EntryRow, Tables } from './schema.ts';
import { seeLogs } from './seen-logs.ts';

const PAGE_ROWS = 500;

/** The names of every log there is, `system` first. For readers entitled to the system log. */
export async function listLogs(database: Database): Promise<string[]> {
  const names = await seeLogs(database, [SYSTEM_LOG], async (transaction) => {
    // Chains grow in number with every day of every node; names do not. One step of the index for each of them.
    const { rows } = await sql<{ log: string }>`
      with recursive named as (
        (select log from earshot.chains order by log limit 1)
        union all
        select (select log from earshot.chains where chains.log > named.log order by log limit 1)
        from named where named.log is not null
      )
      select log from named where log is not null`.execute(transaction);
    return rows.map((row) => row.log);
  });
  return [...names.filter((name) => name === SYSTEM_LOG), ...names.filter((name) => name !== SYSTEM_LOG)];
}

/** Which of these logs there are. */
export async function findLogs(database: Database, logs: readonly string[]): Promise<string[]> {
  const found = await seeLogs(database, logs, (transaction) =>
    transaction
      .selectFrom('chains')
      .select('log')
      .distinct()
      .where((where) => where('log', '=', where.fn.any(where.val([...logs]))))
      .execute(),
  );
  return found.map((row) => row.log);
}

/**
 * The whole ledger as its verifier wants it: the system log first, then every other. Chains of epochs that began since
 * are left for the next time, because their heartbeats would be missing; a chain that nothing witnesses is not.
 */
export async function* readLedger(database: Database): AsyncGenerator<EntryRow> {
  const witnessed = await listChains(database, SYSTEM_LOG);
  const isWitnessed = epochsOf(witnessed);
  for (const chain of witnessed) yield* readChain(database, chain);
  for (const log of await listLogs(database)) {
    if (log === SYSTEM_LOG) continue;
    const chains = await listChains(database, log);
    const isKnown = chains.every((chain) => isWitnessed.has(chain.epoch));
    const isWitnessedNow = isKnown ? isWitnessed : epochsOf(await listChains(database, SYSTEM_LOG));
    for (const chain of chains) {
      const isNew = isWitnessedNow.has(chain.epoch) && !isWitnessed.has(chain.epoch);
      if (!isNew) yield* readChain(database, chain);
    }
  }
}

/** Every entry of a log: chain after chain in the order they were opened, each from its first entry to its last. */
export async function* readEntries(
  database: Database,
  log: string,
  condition: RowCondition = { kind: 'always' },
): AsyncGenerator<EntryRow> {
  for (const chain of await listChains(database, log)) yield* readChain(database, chain, condition);
}

function epochsOf(chains: readonly ChainRow[]): ReadonlySet<string> {
  return new Set(chains.map((chain) => chain.epoch));
}

function listChains(database: Database, log: string): Promise<ChainRow[]> {
  return seeLogs(database, [log], (transaction) =>
    transaction
      .selectFrom('chains')
      .innerJoin('epochs', (join) =>
        join.onRef('epochs.node', '=', 'chains.node').onRef('epochs.epoch', '=', 'chains.epoch'),
      )
      .select(['chains.log', 'chains.node', 'chains.epoch', 'chains.month'])
      .where('chains.log', '=', log)
      .orderBy('epochs.ordinal')
      .execute(),
  );
}

async function* readChain(
  database: Database,
  chain: ChainRow,
  condition: RowCondition = { kind: 'always' },
): AsyncGenerator<EntryRow> {
  for (let after = -1; ;) {
    const page = await seeLogs(database, [chain.log], (transaction) => readPage(transaction, chain, after, condition));
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE_ROWS) return;
    after = last.seq;
  }
}

function readPage(
  transaction: Transaction<Tables>,
  chain: ChainRow,
  after: number,
  condition: RowCondition,
): Promise<EntryRow[]> {
  return transaction
    .selectFrom('entries')
    .selectAll()
    .where('month', '=', chain.month)
    .where('log', '=', chain.log)
    .where('node', '=', chain.node)
    .where('epoch', '=', chain.epoch)
    .where('seq', '>', after)
    .where((builder) => whereCondition(builder, condition, { tenant: 'log' }))
    .orderBy('seq')
    .limit(PAGE_ROWS)
    .execute();
}
