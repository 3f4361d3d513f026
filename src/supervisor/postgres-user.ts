/**
 * The operating-system user the embedded Postgres runs as: ourselves, or, for root, a user of its own, because
 * Postgres refuses to run as root. Never touches a user that already exists.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './postgres-error.ts';

const run = promisify(execFile);

export const POSTGRES_USER = 'earshot-db';
const LIMIT_MS = 10_000;
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom Postgres shall run as. For root: `earshot-db`, created when missing. */
export async function postgresUser(): Promise<OsUser> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === undefined || gid === undefined) {
    throw new EmbeddedPostgresError('PLATFORM', 'the embedded Postgres needs a Unix-like system');
  }
  if (uid !== 0) return { uid, gid };
  return (await findUser()) ?? (await createUser());
}

async function findUser(): Promise<OsUser | undefined> {
  const [uid, gid] = await Promise.all([askId('-u'), askId('-g')]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

async function askId(flag: '-u' | '-g'): Promise<number | undefined> {
  try {
    const { stdout } = await run('id', [flag, POSTGRES_USER], { env: ENVIRONMENT, timeout: LIMIT_MS });
    const id = Number(stdout.trim());
    return Number.isSafeInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined;
  }
}

async function createUser(): Promise<OsUser> {
  const flags = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  try {
    await run('useradd', [...flags, '--shell', '/usr/sbin/nologin', POSTGRES_USER], {
      env: ENVIRONMENT,
      timeout: LIMIT_MS,
    });
  } catch (cause) {
    // Somebody else may have made it meanwhile; only a user that is still missing is a failure.
    const user = await findUser();
    if (user) return user;
    throw new EmbeddedPostgresError('USER', `the user ${POSTGRES_USER} is missing and could not be created`, { cause });
  }
  const user = await findUser();
  if (user) return user;
  throw new EmbeddedPostgresError('USER', `the user ${POSTGRES_USER} was created but cannot be found`);
}
