/**
 * The server process behind a data directory, known by its own `postmaster.pid`. Signals nothing before it is sure:
 * a process id may have been given to somebody else since, and the file is written by a user we do not trust.
 */

import { readlinkSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode } from '../base/error.ts';
import type { OsUser } from './postgres-user.ts';

export interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  /** Whether it takes connections. */
  readonly isReady: boolean;
}

/**
 * `running`: it lives and works on this data directory. `stale`: the file names a living process that is another
 * program. `absent`: no file, or nobody under that id.
 */
export type PostmasterState =
  { readonly kind: 'running'; readonly postmaster: Postmaster } | { readonly kind: 'stale' | 'absent' };

/*
 *  postmaster.pid: 1 pid, 2 data directory, 3 start time, 4 port, 5 socket directory, 6 listen address,
 *  7 shared memory key, 8 status (`starting`, `stopping`, `ready`, `standby`, padded with blanks)
 */
const PID_LINE = 0;
const SOCKET_DIR_LINE = 4;
const STATUS_LINE = 7;

export function findPostmaster(dataDir: string, user: OsUser): PostmasterState {
  const lines = readLines(pidFileOf(dataDir));
  const pid = Number(lines[PID_LINE]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return { kind: 'absent' };
  if (!isServerOf(pid, dataDir, user)) return { kind: 'stale' };
  const isReady = lines[STATUS_LINE]?.trim() === 'ready';
  return { kind: 'running', postmaster: { pid, socketDir: lines[SOCKET_DIR_LINE] ?? '', isReady } };
}

export function pidFileOf(dataDir: string): string {
  return join(dataDir, 'postmaster.pid');
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM';
  }
}

/** The server works in its data directory, under its own user. Where there is no /proc, the file is all we have. */
function isServerOf(pid: number, dataDir: string, user: OsUser): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const home = `/proc/${pid}`;
    return (
      statSync(home).uid === user.uid &&
      basename(readlinkSync(`${home}/exe`)).startsWith('postgres') &&
      readlinkSync(`${home}/cwd`) === realpathSync(dataDir)
    );
  } catch {
    return false;
  }
}
