/** The connections of the governance process, one pool a role and purpose: what waits in one keeps nobody else waiting. */

import { openDatabase, type Database, type DatabaseOptions } from './database.ts';

type Connection = DatabaseOptions['connection'];

/** `keeping` is the `app` role again, for what is kept of calls: a burst of it must not delay who asks for a token. */
export type RoleDatabases = Readonly<Record<'writer' | 'query' | 'app' | 'keeping', Database>>;

/** Short, so that a database that froze is noticed while leases still run. */
const SHORT_LIMIT_MS = 2500;

/** Prepares them; nothing is connected before the first query. */
export function openRoleDatabases(
  connections: Readonly<Record<'writer' | 'query' | 'app', Connection>>,
  onIdleError: NonNullable<DatabaseOptions['onIdleError']>,
): RoleDatabases {
  const { writer, query, app } = connections;
  return {
    writer: openDatabase({ connection: writer, poolSize: 4, statementLimitMs: SHORT_LIMIT_MS, onIdleError }),
    query: openDatabase({ connection: query, poolSize: 4, onIdleError }),
    app: openDatabase({ connection: app, poolSize: 2, onIdleError }),
    keeping: openDatabase({ connection: app, poolSize: 2, statementLimitMs: SHORT_LIMIT_MS, onIdleError }),
  };
}
