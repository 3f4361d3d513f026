/**
 * A real Postgres for trial and tests, on a Unix socket only. It runs in a session of its own, so that a terminal's
 * interrupt or our death does not end it; the next start adopts it. Not for production: bring your own by URL.
 */

import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemRandom, type RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import {
  DATABASE,
  ensureCluster,
  readPasswords,
  roleName,
  setPasswords,
  type DatabaseRole,
  type Passwords,
} from './postgres-cluster.ts';
import { EmbeddedPostgresError } from './postgres-error.ts';
import { POSTGRES_PORT, preparePostgresFiles, type PostgresFiles } from './postgres-files.ts';
import { postgresUser, type OsUser } from './postgres-user.ts';
import { findPostmaster, pidFileOf, type Postmaster } from './postmaster.ts';

export interface PostgresConnection {
  /** Folder of the Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface EmbeddedPostgres {
  readonly connections: Readonly<Record<DatabaseRole, PostgresConnection>>;
  /** Whether it was already running when we came. */
  readonly isAdopted: boolean;
  isRunning(): boolean;
  /** Disconnects everybody and stops the server; does nothing when it is not running. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const FAST_STOP_LIMIT_MS = 20_000;
const HARD_STOP_LIMIT_MS = 10_000;
const POLL_MS = 25;
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Starts the server on `<stateDir>/postgres`, or adopts the one already running there. Creates whatever is missing. */
export async function startEmbeddedPostgres(options: {
  readonly stateDir: string;
  readonly log: Log;
  readonly random?: RandomBytes;
}): Promise<EmbeddedPostgres> {
  const user = await postgresUser();
  const files = await preparePostgresFiles(options.stateDir, user);
  await ensureCluster(files, user);
  const known = await readPasswords(files);
  const isAdopted = known !== undefined && (await adopt(files, user));
  if (!isAdopted) await stopServer(files, user);
  const passwords = known ?? (await setPasswords(files, user, options.random ?? systemRandom));
  if (!isAdopted) await startServer(files, user);
  options.log.info({ adopted: isAdopted }, 'embedded Postgres is running');
  return {
    connections: describeConnections(files, passwords),
    isAdopted,
    isRunning: () => findPostmaster(files.dataDir, user).kind === 'running',
    stop: () => stopServer(files, user),
  };
}

/** True when a server of ours is there and answers on the socket we expect, now or within the time a start may take. */
async function adopt(files: PostgresFiles, user: OsUser): Promise<boolean> {
  const found = findPostmaster(files.dataDir, user);
  if (found.kind !== 'running' || found.postmaster.socketDir !== files.socketDir) return false;
  const isUp = await waitFor(() => {
    const now = findPostmaster(files.dataDir, user);
    if (now.kind !== 'running') return { ready: false };
    return now.postmaster.isReady ? { ready: true } : undefined;
  }, START_LIMIT_MS);
  return isUp?.ready === true;
}

async function startServer(files: PostgresFiles, user: OsUser): Promise<void> {
  await writeSettings(files);
  // Postgres itself judges a file whose process is gone; one whose number now belongs to another program it obeys.
  if (findPostmaster(files.dataDir, user).kind === 'stale') rmSync(pidFileOf(files.dataDir), { force: true });
  const logHandle = openLog(files.logFile);
  const server = spawn(
    join(files.programDir, 'postgres'),
    ['-D', files.dataDir, '-c', `config_file=${files.configFile}`],
    {
      ...user,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', logHandle, logHandle],
      detached: true,
    },
  );
  closeSync(logHandle);
  const life = new AbortController();
  const onEnd = (): void => life.abort();
  server.once('error', onEnd);
  server.once('exit', onEnd);
  server.unref();
  const state = await waitFor(
    () => (life.signal.aborted ? 'ended' : readyPostmaster(files, user) && 'ready'),
    START_LIMIT_MS,
  );
  if (state === 'ready') return;
  if (state === undefined) server.kill('SIGQUIT');
  throw new EmbeddedPostgresError('START_FAILED', `the embedded Postgres did not start: see ${files.logFile}`);
}

/** SIGINT is Postgres's fast shutdown; SIGQUIT leaves recovery to the next start. */
async function stopServer(files: PostgresFiles, user: OsUser): Promise<void> {
  const isGone = (): true | undefined => (findPostmaster(files.dataDir, user).kind === 'running' ? undefined : true);
  for (const [signal, limitMs] of [
    ['SIGINT', FAST_STOP_LIMIT_MS],
    ['SIGQUIT', HARD_STOP_LIMIT_MS],
  ] as const) {
    const found = findPostmaster(files.dataDir, user);
    if (found.kind !== 'running') return;
    process.kill(found.postmaster.pid, signal);
    if (await waitFor(isGone, limitMs)) return;
  }
  throw new EmbeddedPostgresError('STOP_FAILED', `the embedded Postgres does not stop: see ${files.logFile}`);
}

function readyPostmaster(files: PostgresFiles, user: OsUser): Postmaster | undefined {
  const found = findPostmaster(files.dataDir, user);
  return found.kind === 'running' && found.postmaster.isReady ? found.postmaster : undefined;
}

async function writeSettings(files: PostgresFiles): Promise<void> {
  const settings = {
    hba_file: files.hbaFile,
    listen_addresses: '',
    port: String(POSTGRES_PORT),
    unix_socket_directories: files.socketDir,
    password_encryption: 'scram-sha-256',
    max_connections: '60',
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A log may say that something failed, not what was in it.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  await writeFile(files.configFile, `${lines.join('\n')}\n`, { mode: 0o644 });
  await writeFile(files.hbaFile, `local ${DATABASE} all scram-sha-256\n`, { mode: 0o644 });
}

function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
}

function describeConnections(
  files: PostgresFiles,
  passwords: Passwords,
): Readonly<Record<DatabaseRole, PostgresConnection>> {
  const connect = (role: DatabaseRole): PostgresConnection => ({
    host: files.socketDir,
    port: POSTGRES_PORT,
    user: roleName(role),
    password: passwords[role],
    database: DATABASE,
  });
  return {
    owner: connect('owner'),
    writer: connect('writer'),
    query: connect('query'),
    app: connect('app'),
    reader: connect('reader'),
    sequencer: connect('sequencer'),
    retention: connect('retention'),
  };
}

/** Asks until there is an answer; undefined when `limitMs` passed without one. */
async function waitFor<Answer>(ask: () => Answer | undefined, limitMs: number): Promise<Answer | undefined> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
  return undefined;
}
