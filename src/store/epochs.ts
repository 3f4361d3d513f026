/**
 * Epochs and their ends. An epoch is opened once and ended once; ending takes the lock that every append holds shared,
 * so when `endEpoch` returns, nothing can be added to that epoch any more.
 */

import { sql, type Transaction } from 'kysely';
import type { Database, Sql } from './database.ts';
import type { ChainRow, EpochAccountRow, EpochEndRow, EpochRow, Tables } from './schema.ts';

/** Makes the partition of a month unless it exists. Only months near the present can be made. */
export async function ensureMonth(database: Database, month: number): Promise<void> {
  await sql`select earshot.ensure_month(${month})`.execute(database.sql);
}

/**
 * Records an epoch. One at a time per node, so that of two writers started at once exactly one is the later. Saying the
 * same twice is harmless, so that a call whose fate is unknown can be repeated.
 */
export async function openEpoch(database: Database, { node, epoch, month, opened_ms }: EpochRow): Promise<void> {
  await database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`node/${node}`}::text, 0))`.execute(transaction);
    await transaction
      .insertInto('epochs')
      .values({ node, epoch, month, opened_ms })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** Ends an epoch for ever. The first end counts; returns it. */
export async function endEpoch(database: Database, end: EpochEndRow): Promise<EpochEndRow> {
  const { node, epoch, how, at_ms } = end;
  return database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${epochLock(end)})`.execute(transaction);
    await transaction
      .insertInto('epoch_ends')
      .values({ node, epoch, how, at_ms })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return transaction
      .selectFrom('epoch_ends')
      .selectAll()
      .where('node', '=', node)
      .where('epoch', '=', epoch)
      .executeTakeFirstOrThrow();
  });
}

/** Held until the transaction ends: while anybody holds it, the epoch cannot be ended. */
export async function holdEpochOpen(transaction: Transaction<Tables>, epoch: EpochName): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${epochLock(epoch)})`.execute(transaction);
}

/** Whether the epoch was opened and not ended. Ask it after `holdEpochOpen`, in a statement of its own. */
export async function isEpochOpen(within: Sql, { node, epoch }: EpochName): Promise<boolean> {
  const { rows } = await sql`
    select from earshot.epochs
    where node = ${node} and epoch = ${epoch}
      and not exists (select from earshot.epoch_ends where node = ${node} and epoch = ${epoch})`.execute(within);
  return rows.length > 0;
}

/**
 * Epochs of a node that are not closed, and whose remains nobody has written down yet; oldest first. With `before`, only
 * those opened before that epoch.
 */
export async function findUnaccountedEpochs(
  database: Database,
  { node, before }: { readonly node: string; readonly before: string | undefined },
): Promise<EpochRow[]> {
  let query = database.sql
    .selectFrom('epochs')
    .leftJoin('epoch_ends', (join) =>
      join.onRef('epoch_ends.node', '=', 'epochs.node').onRef('epoch_ends.epoch', '=', 'epochs.epoch'),
    )
    .leftJoin('epoch_accounts', (join) =>
      join.onRef('epoch_accounts.node', '=', 'epochs.node').onRef('epoch_accounts.epoch', '=', 'epochs.epoch'),
    )
    .select(['epochs.node', 'epochs.epoch', 'epochs.month', 'epochs.opened_ms'])
    .where('epochs.node', '=', node)
    .where('epoch_accounts.epoch', 'is', null)
    .where((where) => where.or([where('epoch_ends.how', 'is', null), where('epoch_ends.how', '=', 'abandoned')]))
    .orderBy('epochs.ordinal');
  if (before !== undefined) {
    query = query.where('epochs.ordinal', '<', (where) =>
      where.selectFrom('epochs as ours').select('ours.ordinal').where('ours.epoch', '=', before),
    );
  }
  return query.execute();
}

/** Epochs of a node that were closed at `sinceMs` or later. */
export async function findClosedEpochs(database: Database, node: string, sinceMs: number): Promise<EpochRow[]> {
  return database.sql
    .selectFrom('epochs')
    .innerJoin('epoch_ends', (join) =>
      join.onRef('epoch_ends.node', '=', 'epochs.node').onRef('epoch_ends.epoch', '=', 'epochs.epoch'),
    )
    .select(['epochs.node', 'epochs.epoch', 'epochs.month', 'epochs.opened_ms'])
    .where('epochs.node', '=', node)
    .where('epoch_ends.how', '=', 'closed')
    .where('epoch_ends.at_ms', '>=', sinceMs)
    .orderBy('epochs.ordinal')
    .execute();
}

/** Notes that the remains of an abandoned epoch are written down in `by_epoch`. */
export async function accountForEpoch(database: Database, { node, epoch, by_epoch }: EpochAccountRow): Promise<void> {
  await database.sql
    .insertInto('epoch_accounts')
    .values({ node, epoch, by_epoch })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The chains of one epoch, by log. */
export async function findChains(database: Database, { node, epoch }: EpochName): Promise<ChainRow[]> {
  return database.sql
    .selectFrom('chains')
    .select(['log', 'node', 'epoch', 'month'])
    .where('node', '=', node)
    .where('epoch', '=', epoch)
    .orderBy('log')
    .execute();
}

interface EpochName {
  readonly node: string;
  readonly epoch: string;
}

/** Epoch ids hold no slash, so two pairs never meet in one text. */
function epochLock({ node, epoch }: EpochName): ReturnType<typeof sql> {
  return sql`hashtextextended(${`${epoch}/${node}`}::text, 0)`;
}
