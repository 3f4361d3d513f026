/**
 * The cluster before it is served: initdb, our roles and database, passwords. All of it in single-user mode, so there
 * is no superuser password at all and no moment at which the server listens unprotected.
 */

import { spawn } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RandomBytes } from '../base/ids.ts';
import { packageRoot } from '../base/package-root.ts';
import { EmbeddedPostgresError } from './postgres-error.ts';
import { exists, type PostgresFiles } from './postgres-files.ts';
import type { OsUser } from './postgres-user.ts';

export const DATABASE = 'earshot';
export const DATABASE_ROLES = ['owner', 'writer', 'query', 'app', 'reader', 'sequencer', 'retention'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];
export type Passwords = Readonly<Record<DatabaseRole, string>>;

const INIT_LIMIT_MS = 60_000;
const PASSWORD_BYTES = 24;

export function roleName(role: DatabaseRole): string {
  return `earshot_${role}`;
}

/** Creates the cluster unless it exists. It appears whole or not at all: made beside its place, then renamed into it. */
export async function ensureCluster(files: PostgresFiles, user: OsUser): Promise<void> {
  if (await exists(files.dataDir)) {
    await assertVersion(files);
    return;
  }
  const unfinished = `${files.dataDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await chown(unfinished, user.uid, user.gid);
  const flags = ['--username=postgres', '--auth=reject', '--encoding=UTF8', '--locale=C'];
  await runProgram(files, user, 'initdb', [`--pgdata=${unfinished}`, ...flags], '');
  const provision = await readProvision();
  const database = `CREATE DATABASE ${DATABASE} OWNER ${roleName('owner')};\n\n`;
  await runSingleUser(files, user, unfinished, `${provision}\n\n${database}`);
  await rename(unfinished, files.dataDir);
}

/** The passwords in force, or undefined when their file is missing, or lacks a role, and new ones must be set. */
export async function readPasswords(files: PostgresFiles): Promise<Passwords | undefined> {
  try {
    return passwordsSchema.parse(JSON.parse(await readFile(files.passwordFile, 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Gives every role a new random password and writes them to a 0600 file. Roles that an earlier Earshot did not have are
 * made first. The server must not be running.
 */
export async function setPasswords(files: PostgresFiles, user: OsUser, random: RandomBytes): Promise<Passwords> {
  const fresh = (): string => Buffer.from(random(PASSWORD_BYTES)).toString('hex');
  const passwords = passwordsSchema.parse(Object.fromEntries(DATABASE_ROLES.map((role) => [role, fresh()])));
  const statements = DATABASE_ROLES.map((role) => `ALTER ROLE ${roleName(role)} LOGIN PASSWORD '${passwords[role]}';`);
  const provision = await readProvision();
  await runSingleUser(files, user, files.dataDir, `${provision}\n\n${statements.join('\n\n')}\n\n`);
  // Set first, written second: a crash in between leaves no file, and the next start sets new ones.
  await rm(files.passwordFile, { force: true });
  await writeFile(files.passwordFile, JSON.stringify(passwords), { mode: 0o600, flag: 'wx' });
  return passwords;
}

function readProvision(): Promise<string> {
  return readFile(join(packageRoot, 'migrations', 'provision.sql'), 'utf8');
}

const passwordsSchema = z.strictObject({
  owner: z.string().min(1),
  writer: z.string().min(1),
  query: z.string().min(1),
  app: z.string().min(1),
  reader: z.string().min(1),
  sequencer: z.string().min(1),
  retention: z.string().min(1),
});

async function assertVersion(files: PostgresFiles): Promise<void> {
  const found = (await readFile(join(files.dataDir, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (found === files.majorVersion) return;
  throw new EmbeddedPostgresError(
    'VERSION',
    `${files.dataDir} was made by Postgres ${found === '' ? 'of an unknown version' : found}, ours is ${files.majorVersion}`,
  );
}

/** `-j`: a statement ends with a semicolon and an empty line, so that it may span lines itself. */
function runSingleUser(files: PostgresFiles, user: OsUser, dataDir: string, sql: string): Promise<void> {
  // Statements hold passwords, and a failing one would be quoted in the log.
  const flags = ['-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic'];
  return runProgram(files, user, 'postgres', ['--single', '-j', '-D', dataDir, ...flags, 'postgres'], sql);
}

async function runProgram(
  files: PostgresFiles,
  user: OsUser,
  program: 'initdb' | 'postgres',
  flags: readonly string[],
  input: string,
): Promise<void> {
  const child = spawn(join(files.programDir, program), flags, {
    ...user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: INIT_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = await new Promise<number | string | null>((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(code ?? signal));
  });
  if (ended !== 0) throw new EmbeddedPostgresError('INIT_FAILED', `${program} failed (${String(ended)})`);
}
