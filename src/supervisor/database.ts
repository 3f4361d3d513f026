/** The database this node uses: the operator's own by URL, or an embedded one for trial. Migrated before anything runs. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CodedError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import { builtFile } from '../base/package-root.ts';
import { childEnvironment } from '../config/environment.ts';
import { readSecret, type LoadedConfig } from '../config/load.ts';
import { RUNTIME_VARIABLE, type DatabaseTarget, type GovernanceRuntime } from '../config/runtime.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { writePrivateJson, type StateDir } from './state-dir.ts';

export class DatabaseStartError extends CodedError<'MIGRATION_FAILED'> {}

export interface RunningDatabase {
  readonly trial: boolean;
  readonly runtime: GovernanceRuntime['database'];
  stop(): Promise<void>;
}

const MIGRATION_LIMIT_MS = 60_000;

/** Starts or reaches the database and brings its schema up to date. */
export async function startDatabase(options: {
  readonly loaded: LoadedConfig;
  readonly state: StateDir;
  readonly log: Log;
}): Promise<RunningDatabase> {
  const { loaded, state } = options;
  const urls = loaded.config.database;
  if (urls !== undefined) {
    const read = (role: keyof typeof urls): string => readSecret(urls[role], `database.${role}`, loaded.origin);
    await migrate(state, read('owner'), 'database.owner');
    return {
      trial: false,
      runtime: { writer: read('writer'), query: read('query'), app: read('app') },
      stop: () => Promise.resolve(),
    };
  }
  const embedded = await startEmbeddedPostgres({ stateDir: state.path, log: options.log });
  try {
    await migrate(state, embedded.connections.owner, 'the embedded database');
  } catch (cause) {
    await embedded.stop();
    throw cause;
  }
  const { writer, query, app } = embedded.connections;
  return { trial: true, runtime: { writer, query, app }, stop: () => embedded.stop() };
}

/** Runs the migrations in a process of their own: nobody else is ever given the owner's credentials. */
async function migrate(state: StateDir, owner: DatabaseTarget, key: string): Promise<void> {
  const runtimeFile = writePrivateJson(join(state.runDir, 'migration.json'), { owner });
  const child = spawn(process.execPath, ['--enable-source-maps', builtFile('store/main')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: childEnvironment({ [RUNTIME_VARIABLE]: runtimeFile }),
    signal: AbortSignal.timeout(MIGRATION_LIMIT_MS),
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 4096) said += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (exit) => resolve(exit));
  });
  writePrivateJson(runtimeFile, {});
  if (code === 0) return;
  throw new DatabaseStartError(
    'MIGRATION_FAILED',
    `${key}: ${readReason(said) ?? 'the migrations did not finish in time'}`,
  );
}

/** The message of the one JSON line that `store/main` leaves on stderr when it fails. */
function readReason(said: string): string | undefined {
  const line = said.trim().split('\n').at(-1) ?? '';
  try {
    const failure: unknown = JSON.parse(line);
    if (typeof failure === 'object' && failure !== null && 'message' in failure) return String(failure.message);
  } catch {
    // Not what it says when it fails in order; whatever it is, it may quote a connection.
  }
  return line === '' ? undefined : 'the migrations failed';
}
