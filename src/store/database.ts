/**
 * A bounded pool of connections for one role. Every statement has a deadline on both sides, and whatever the driver
 * throws leaves here as a StoreError without SQL or values.
 */

import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { describeDriverError, StoreError } from './error.ts';
import { SCHEMA, type Tables } from './schema.ts';

export interface ConnectionParts {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface DatabaseOptions {
  readonly connection: string | ConnectionParts;
  readonly poolSize: number;
  /** Longest a single statement may run; the client gives up a second later, whatever the server does. */
  readonly statementLimitMs?: number;
  readonly connectLimitMs?: number;
  /** Called for an idle connection that broke; the pool has already forgotten it. */
  readonly onIdleError?: (error: StoreError) => void;
}

export type Sql = Kysely<Tables>;

export interface Database {
  /** With the schema already chosen. */
  readonly sql: Sql;
  close(): Promise<void>;
}

const STATEMENT_LIMIT_MS = 5000;
const CONNECT_LIMIT_MS = 3000;
const CLIENT_GRACE_MS = 1000;

/** Prepares the pool; nothing is connected before the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const limitMs = options.statementLimitMs ?? STATEMENT_LIMIT_MS;
  const pool = new pg.Pool({
    ...readConnection(options.connection),
    max: options.poolSize,
    connectionTimeoutMillis: options.connectLimitMs ?? CONNECT_LIMIT_MS,
    idleTimeoutMillis: 60_000,
    statement_timeout: limitMs,
    lock_timeout: limitMs,
    idle_in_transaction_session_timeout: limitMs,
    query_timeout: limitMs + CLIENT_GRACE_MS,
    application_name: 'earshot',
    // A committed entry is one that reached the disk, whatever somebody made the role's default.
    options: '-c synchronous_commit=on',
    types: ourTypes(),
  });
  pool.on('error', (error) => options.onIdleError?.(describeDriverError(error)));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: guard(pool) }) });
  return { sql: kysely.withSchema(SCHEMA), close: () => kysely.destroy() };
}

function readConnection(connection: string | ConnectionParts): pg.PoolConfig {
  return typeof connection === 'string' ? { connectionString: connection } : { ...connection };
}

function ourTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, parseSafeInteger);
  return types;
}

/** int8 as a number, as our columns are bounded to; anything larger was not written by us. */
function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new StoreError('CORRUPT', 'a stored integer is out of range');
}

/**
 * A connection that failed for any reason but an error the server spoke is destroyed: after a client-side timeout the
 * answer to the old query would otherwise arrive in place of the next one's.
 */
function guard(pool: pg.Pool): PostgresPool {
  return {
    end: () => pool.end(),
    async connect(): Promise<PostgresPoolClient> {
      const client = await pool.connect().catch((thrown: unknown) => {
        throw describeDriverError(thrown);
      });
      let isBroken = false;
      // Without a listener a connection that dies between two queries would take the process with it.
      const onError = (): void => {
        isBroken = true;
      };
      client.on('error', onError);
      const query = async (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
        if (isBroken) throw new StoreError('UNREACHABLE', 'the connection to the database is lost');
        try {
          return await client.query(text, [...values]);
        } catch (thrown) {
          const error = describeDriverError(thrown);
          isBroken ||= error.code === 'UNREACHABLE';
          throw error;
        }
      };
      const release = (): void => {
        client.off('error', onError);
        client.release(isBroken);
      };
      return { query: query as unknown as PostgresPoolClient['query'], release };
    },
  };
}
