/**
 * A condition on rows, as SQL. Fields become columns through a closed map of the caller's; a field that is not in it is
 * a bug and throws, because leaving the part out would show more than was granted.
 */

import type { Expression, ExpressionBuilder, ReferenceExpression, SqlBool } from 'kysely';
import { assert, unreachable } from '../base/assert.ts';
import type { RowCondition } from '../model/access.ts';

/** Which column of the query holds the value of a field of conditions, such as `{ tenant: 'entries.log' }`. */
export type ConditionColumns<Tables, Of extends keyof Tables> = Readonly<
  Record<string, ReferenceExpression<Tables, Of>>
>;

/**
 * An expression for `where`: `.where((builder) => whereCondition(builder, condition, { tenant: 'log' }))`. Values are
 * always parameters. `never`, an empty `in` and an empty `or` yield no rows; only `always` and an empty `and` yield all.
 */
export function whereCondition<Tables, Of extends keyof Tables>(
  builder: ExpressionBuilder<Tables, Of>,
  condition: RowCondition,
  columns: ConditionColumns<Tables, Of>,
): Expression<SqlBool> {
  switch (condition.kind) {
    case 'always':
      return builder.lit(true);
    case 'never':
      return builder.lit(false);
    case 'in': {
      const column = Object.hasOwn(columns, condition.field) ? columns[condition.field] : undefined;
      assert(column !== undefined, 'a condition names a field that this query does not have');
      // Postgres has no `in ()`.
      if (condition.values.length === 0) return builder.lit(false);
      return builder.eb(column, '=', builder.fn.any(builder.val([...condition.values])));
    }
    case 'and':
      return builder.and(condition.parts.map((part) => whereCondition(builder, part, columns)));
    case 'or':
      return builder.or(condition.parts.map((part) => whereCondition(builder, part, columns)));
    default:
      return unreachable(condition);
  }
}
