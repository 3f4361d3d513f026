/**
 * The process that migrates: run once by the supervisor before governance, and the only one given the owner's
 * credentials. Then it looks at the runtime roles it is given. Says nothing unless it fails; then one JSON line on
 * stderr and an exit code.
 */

import { systemClock } from '../base/clock.ts';
import { CodedError, errorCode } from '../base/error.ts';
import { migrationRuntimeSchema, readRuntime, type DatabaseTarget } from '../config/runtime.ts';
import { openDatabase, type Database } from './database.ts';
import { migrate } from './migrate.ts';
import { assertRuntimeRole } from './runtime-role.ts';

/** 2: our own settings; 3: no database there; 4: it is there and refuses. */
const EXIT_CODES: Readonly<Record<string, number>> = { UNREADABLE: 2, INVALID: 2, UNREACHABLE: 3, TIMEOUT: 3 };
/** A migration may have a whole ledger to go over. */
const STATEMENT_LIMIT_MS = 600_000;

/** Whose connection we are at. */
let role: 'owner' | 'writer' | 'query' | 'app' | 'reader' = 'owner';

async function main(): Promise<void> {
  const { owner, runtime } = readRuntime(migrationRuntimeSchema);
  await withDatabase(owner, (database) => migrate(database, systemClock.wallMs()));
  for (const name of ['writer', 'query', 'app', 'reader'] as const) {
    if (runtime === undefined) break;
    role = name;
    await withDatabase(runtime[name], (database) => assertRuntimeRole(database, { trial: false }));
  }
}

async function withDatabase(connection: DatabaseTarget, work: (database: Database) => Promise<unknown>): Promise<void> {
  const database = openDatabase({ connection, poolSize: 2, statementLimitMs: STATEMENT_LIMIT_MS });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

main().catch((thrown: unknown) => {
  const code = errorCode(thrown);
  const message = thrown instanceof CodedError ? thrown.message : 'the migrations failed';
  process.stderr.write(`${JSON.stringify({ code, role, message })}\n`);
  process.exitCode = EXIT_CODES[code] ?? 4;
});
