/**
 * The process that migrates: run once by the supervisor before governance, and the only one given the owner's
 * credentials. Says nothing unless it fails; then one JSON line on stderr and an exit code.
 */

import { systemClock } from '../base/clock.ts';
import { CodedError, errorCode } from '../base/error.ts';
import { migrationRuntimeSchema, readRuntime } from '../config/runtime.ts';
import { openDatabase } from './database.ts';
import { migrate } from './migrate.ts';

/** 2: our own settings; 3: no database there; 4: it is there and refuses. */
const EXIT_CODES: Readonly<Record<string, number>> = { UNREADABLE: 2, INVALID: 2, UNREACHABLE: 3, TIMEOUT: 3 };
const STATEMENT_LIMIT_MS = 30_000;

async function main(): Promise<void> {
  const { owner } = readRuntime(migrationRuntimeSchema);
  const database = openDatabase({ connection: owner, poolSize: 2, statementLimitMs: STATEMENT_LIMIT_MS });
  try {
    await migrate(database, systemClock.wallMs());
  } finally {
    await database.close();
  }
}

main().catch((thrown: unknown) => {
  const code = errorCode(thrown);
  const message = thrown instanceof CodedError ? thrown.message : 'the migrations failed';
  process.stderr.write(`${JSON.stringify({ code, message })}\n`);
  process.exitCode = EXIT_CODES[code] ?? 4;
});
