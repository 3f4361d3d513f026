/**
 * How far in time one page may look when it has to look at entries one by one: the moment before which, in any of its
 * logs, lie as many entries as a page may cost.
 */

import { sql, type Expression, type ExpressionBuilder, type SqlBool, type Transaction } from 'kysely';
import type { Tables } from './schema.ts';

/** A log among many is looked at this far at least. */
const MIN_ROWS_A_LOG = 200;

type EntryBuilder = ExpressionBuilder<Tables, 'entries'>;

/** Undefined when no log has that many: then everything can be looked at. `where` must be what an index can answer. */
export async function findScanEdge(
  transaction: Transaction<Tables>,
  scan: {
    readonly logs: readonly string[];
    readonly order: 'asc' | 'desc';
    readonly scanRows: number;
    readonly where: (builder: EntryBuilder) => Expression<SqlBool>;
  },
): Promise<number | undefined> {
  const { logs, order, scanRows, where } = scan;
  const rowsALog = Math.max(MIN_ROWS_A_LOG, Math.floor(scanRows / logs.length));
  const nearest = await transaction
    .selectFrom(sql<{ wanted: string }>`unnest(${[...logs]}::text[])`.as('wanted'))
    .innerJoinLateral(
      (within) =>
        within
          .selectFrom('entries')
          .select('entries.at_ms')
          .whereRef('entries.log', '=', 'wanted.wanted')
          .where(where)
          .orderBy('entries.at_ms', order)
          .offset(rowsALog)
          .limit(1)
          .as('edge'),
      (join) => join.onTrue(),
    )
    .select('edge.at_ms')
    .orderBy('edge.at_ms', order)
    .limit(1)
    .executeTakeFirst();
  return nearest?.at_ms;
}

/** Everything of the edge's own millisecond is within it, so that the next page can begin after it. */
export function isWithinEdge(
  builder: EntryBuilder,
  order: 'asc' | 'desc',
  edgeMs: number | undefined,
): Expression<SqlBool> {
  if (edgeMs === undefined) return builder.lit(true);
  return builder('entries.at_ms', order === 'asc' ? '<=' : '>=', edgeMs);
}
