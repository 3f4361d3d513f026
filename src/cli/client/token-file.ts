/** A token's file: read only where nobody else could have read or written it, and never written over. */

import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode } from '../../base/error.ts';
import { environmentVariable } from '../../config/environment.ts';
import { ApiError } from './api-error.ts';

const TOKEN = /^ear_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/;
/** More than a token and its line end, so that a file that holds something else is noticed. */
const MAX_BYTES = 256;
const OTHERS = 0o077;

/** Where a token is looked for, and the first one put, unless an option says otherwise. */
export function defaultTokenFile(): string {
  const named = environmentVariable('EARSHOT_TOKEN_FILE');
  return named ?? join(environmentVariable('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'earshot', 'token');
}

/**
 * The token in `file`; undefined when there is no such file. What was opened is what is judged: a regular file of
 * `owner`'s (by default the user we run as) that nobody else may read or write. Errors never quote what it holds.
 */
export function readTokenFile(file: string, owner: number | undefined = process.getuid?.()): string | undefined {
  const descriptor = openToRead(file);
  if (descriptor === undefined) return undefined;
  try {
    const { uid, mode } = checkedStat(file, descriptor);
    if (owner !== undefined && uid !== owner) throw refused(file, 'belongs to another user: take a file of your own');
    if ((mode & OTHERS) !== 0) throw refused(file, `may be read by others: chmod 600 ${file}`);
    const bytes = Buffer.alloc(MAX_BYTES);
    const text = bytes.toString('utf8', 0, readSync(descriptor, bytes)).trim();
    if (!TOKEN.test(text)) throw refused(file, 'does not hold a token of Earshot');
    return text;
  } finally {
    closeSync(descriptor);
  }
}

export interface ReservedFile {
  /** Puts the token in. */
  write(secret: string): void;
  /** Takes the empty file away again. */
  discard(): void;
}

/**
 * Makes a new file of mode 0600, before the token is asked for: a token that could not be kept would be lost, and the
 * first one is made only once.
 */
export function reserveTokenFile(file: string): ReservedFile {
  const descriptor = create(file);
  return {
    write: (secret) => {
      writeSync(descriptor, `${secret}\n`);
      closeSync(descriptor);
    },
    discard: () => {
      closeSync(descriptor);
      rmSync(file, { force: true });
    },
  };
}

function openToRead(file: string): number | undefined {
  try {
    // A FIFO would keep us waiting for its writer.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw refused(file, `cannot be read (${errorCode(cause)})`, cause);
  }
}

function checkedStat(file: string, descriptor: number): { readonly uid: number; readonly mode: number } {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw refused(file, 'is not a regular file');
  return stat;
}

function create(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') throw refused(file, 'exists already: name another with --out', cause);
    throw refused(file, `cannot be made (${errorCode(cause)})`, cause);
  }
}

function refused(file: string, message: string, cause?: unknown): ApiError {
  return new ApiError('MISCONFIGURED', `${file}: ${message}`, { cause });
}
