/** This node's state directory: made, locked against a second Earshot, with short paths for its sockets. */

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
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
  release(): void;
}

const TOKEN_KEY_BYTES = 32;

/** Prepares and locks the directory. Throws UNUSABLE, or IN_USE when a living supervisor holds it. */
export function openStateDir(path: string): StateDir {
  const runDir = join(path, 'run');
  try {
    // 0711: the database's own user must pass through, and nobody may look around.
    mkdirSync(path, { recursive: true, mode: 0o711 });
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    chmodSync(runDir, 0o700);
  } catch (cause) {
    throw new StateDirError('UNUSABLE', `stateDir: ${path} cannot be used (${errorCode(cause)})`, { cause });
  }
  const lock = join(runDir, 'supervisor.pid');
  takeLock(lock, path);
  const socket = (name: string): string => join(runDir, `${name}.sock`);
  return {
    path,
    runDir,
    sockets: {
      supervisor: socket('supervisor'),
      control: socket('control'),
      taps: join(runDir, 'tap'),
      api: socket('api'),
    },
    release: () => rmSync(lock, { force: true }),
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

function takeLock(lock: string, path: string): void {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const descriptor = openSync(lock, 'wx', 0o600);
      writeSync(descriptor, JSON.stringify({ pid: process.pid, startTicks: readStartTicks(process.pid) }));
      closeSync(descriptor);
      return;
    } catch (cause) {
      if (errorCode(cause) !== 'EEXIST') {
        throw new StateDirError('UNUSABLE', `stateDir: ${path} cannot be written (${errorCode(cause)})`, { cause });
      }
      const owner = readOwner(lock);
      if (owner !== undefined && isSameProcess(owner)) {
        throw new StateDirError('IN_USE', `stateDir: ${path} is in use by another Earshot (process ${owner.pid})`);
      }
      rmSync(lock, { force: true });
    }
  }
  throw new StateDirError('IN_USE', `stateDir: ${path} is being taken by another Earshot`);
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
