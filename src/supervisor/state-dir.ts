/** This node's state directory: made, locked against a second Earshot, with short paths for its sockets. */

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CodedError, errorCode } from '../base/error.ts';
import type { Sockets } from '../config/runtime.ts';
import { isSameProcess, readStartTicks } from './process-identity.ts';

export class StateDirError extends CodedError<'UNUSABLE' | 'IN_USE'> {}

export interface StateDir {
  readonly path: string;
  readonly runDir: string;
  readonly sockets: Sockets;
  /** The call plane's alone. */
  readonly mirrorSocket: string;
  /** Where whoever runs this node commands it. */
  readonly nodeSocket: string;
  release(): void;
}

const TOKEN_KEY_BYTES = 32;
/** sun_path of unix(7) holds 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;
const LONGEST_SOCKET = join('tap', 'media-63.sock');

/**
 * Prepares and locks the directory. Throws UNUSABLE, or IN_USE when a living supervisor holds it. `origin` is where the
 * path was configured.
 */
export function openStateDir(path: string, origin: string): StateDir {
  const runDir = join(path, 'run');
  const key = `${origin}: stateDir: ${path}`;
  if (Buffer.byteLength(join(runDir, LONGEST_SOCKET)) > MAX_SOCKET_PATH_BYTES) {
    const limit = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(join('/run', LONGEST_SOCKET));
    throw new StateDirError('UNUSABLE', `${key} is too long for the sockets in it: at most ${limit} bytes`);
  }
  try {
    // 0711: the database's own user must pass through, and nobody may look around.
    mkdirSync(path, { recursive: true, mode: 0o711 });
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    chmodSync(runDir, 0o700);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StateDirError('UNUSABLE', `${key} cannot be used (${errorCode(cause)})`, { cause });
  }
  const lock = join(runDir, 'supervisor.pid');
  takeLock(lock, key);
  const socket = (name: string): string => join(runDir, `${name}.sock`);
  return {
    path,
    runDir,
    sockets: {
      supervisor: socket('supervisor'),
      control: socket('control'),
      taps: join(runDir, 'tap'),
      api: socket('api'),
      reader: socket('reader'),
    },
    mirrorSocket: socket('mirror'),
    nodeSocket: socket('node'),
    release: once(() => rmSync(lock, { force: true })),
  };
}

/** The file with the key of Via branches and Record-Route tokens, made once. */
export function ensureTokenKey(state: StateDir): string {
  const file = join(state.path, 'token.key');
  if (!existsSync(file)) writeFileSync(file, randomBytes(TOKEN_KEY_BYTES), { mode: 0o600, flag: 'wx' });
  return file;
}

/** Writes a file only we may read, replacing an older one. */
export function writePrivateJson(file: string, value: unknown): string {
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(value), { mode: 0o600, flag: 'wx' });
  return file;
}

/** Written first and linked into its place, so that nobody ever sees a lock without an owner. */
function takeLock(lock: string, key: string): void {
  const mine = `${lock}.${process.pid}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writePrivateJson(mine, { pid: process.pid, startTicks: readStartTicks(process.pid) });
      linkSync(mine, lock);
      return;
    } catch (cause) {
      if (errorCode(cause) !== 'EEXIST') {
        throw new StateDirError('UNUSABLE', `${key} cannot be written (${errorCode(cause)})`, { cause });
      }
      const owner = readOwner(lock);
      if (owner !== undefined && isSameProcess(owner)) {
        throw new StateDirError('IN_USE', `${key} is in use by another Earshot (process ${owner.pid})`);
      }
      rmSync(lock, { force: true });
    } finally {
      rmSync(mine, { force: true });
    }
  }
  throw new StateDirError('IN_USE', `${key} is being taken by another Earshot`);
}

function readOwner(lock: string): { pid: number; startTicks: number } | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('startTicks' in owner)) return undefined;
    return { pid: Number(owner.pid), startTicks: Number(owner.startTicks) };
  } catch {
    return undefined;
  }
}

/** A second call must not remove the lock of whoever came after us. */
function once(task: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) task();
    isDone = true;
  };
}
