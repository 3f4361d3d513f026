/** The database this node uses: the operator's own by URL, or an embedded one for trial. Migrated before anything runs. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import { builtFile } from '../base/package-root.ts';
import { childEnvironment } from '../config/environment.ts';
import { readSecret, type LoadedConfig } from '../config/load.ts';
import type { SecretReference } from '../config/node-config.ts';
import { ConfigError } from '../config/problem.ts';
import {
  RUNTIME_VARIABLE,
  type DatabaseTarget,
  type GovernanceRuntime,
  type MigrationRuntime,
} from '../config/runtime.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { writePrivateJson, type StateDir } from './state-dir.ts';

export class DatabaseStartError extends CodedError<'MIGRATION_FAILED'> {}

export interface RunningDatabase {
  readonly trial: boolean;
  readonly runtime: GovernanceRuntime['database'];
  /** For the reader process alone. */
  readonly reader: DatabaseTarget;
  stop(): Promise<void>;
}

type Role = 'owner' | 'writer' | 'query' | 'app' | 'reader';

const MIGRATION_LIMIT_MS = 600_000;

/** Starts or reaches the database and brings its schema up to date. */
export async function startDatabase(options: {
  readonly loaded: LoadedConfig;
  readonly state: StateDir;
  readonly log: Log;
}): Promise<RunningDatabase> {
  const { loaded, state } = options;
  const urls = loaded.config.database;
  if (urls !== undefined) {
    const read = (role: Role): string => readUrl(urls[role], `database.${role}`, loaded.origin);
    const owner = read('owner');
    const runtime = { writer: read('writer'), query: read('query'), app: read('app') };
    const reader = read('reader');
    const roles = { ...runtime, reader };
    await migrate(state, { owner, runtime: roles }, (role) => `${loaded.origin}: database.${role}`);
    return { trial: false, runtime, reader, stop: () => Promise.resolve() };
  }
  const embedded = await startEmbeddedPostgres({ stateDir: state.path, log: options.log });
  try {
    await migrate(state, { owner: embedded.connections.owner }, () => 'the embedded database');
  } catch (cause) {
    await embedded.stop();
    throw cause;
  }
  const { writer, query, app, reader } = embedded.connections;
  return { trial: true, runtime: { writer, query, app }, reader, stop: () => embedded.stop() };
}

/** A URL of Postgres; a text that is none may be a password put in the wrong place, and is not quoted. */
function readUrl(reference: SecretReference, key: string, origin: string): string {
  const url = readSecret(reference, key, origin);
  if (/^postgres(ql)?:\/\//.test(url)) return url;
  throw new ConfigError('INVALID', [{ file: origin, key, message: 'must be postgres://USER:PASSWORD@HOST:PORT/NAME' }]);
}

/**
 * Runs the migrations in a process of their own: nobody else is ever given the owner's credentials. It also refuses
 * runtime roles that could do more than they must.
 */
async function migrate(state: StateDir, runtime: MigrationRuntime, keyOf: (role: Role) => string): Promise<void> {
  const runtimeFile = writePrivateJson(join(state.runDir, 'migration.json'), runtime);
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
  rmSync(runtimeFile, { force: true });
  if (code === 0) return;
  const { role, message } = readReason(said);
  throw new DatabaseStartError('MIGRATION_FAILED', `${keyOf(role)}: ${message}`);
}

/** The one JSON line that `store/main` leaves on stderr when it fails, and for which role. */
function readReason(said: string): { readonly role: Role; readonly message: string } {
  const line = said.trim().split('\n').at(-1) ?? '';
  if (line === '') return { role: 'owner', message: 'the migrations did not finish in time' };
  try {
    return failureSchema.parse(JSON.parse(line));
  } catch {
    // Not what it says when it fails in order; whatever it is, it may quote a connection.
    return { role: 'owner', message: 'the migrations failed' };
  }
}

const failureSchema = z.object({ role: z.enum(['owner', 'writer', 'query', 'app', 'reader']), message: z.string() });
