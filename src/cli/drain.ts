/**
 * `earshot drain`: this node takes no new calls; those it has go on, and the command waits until they are over. It speaks
 * to the supervisor itself, so governance and the database need not be there.
 */

import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError, errorCode } from '../base/error.ts';
import { loadNodeConfig } from '../config/load.ts';
import { fetchStatus, isFields, type Fields } from './node-status.ts';

class DrainError extends CodedError<'NOT_RUNNING' | 'STILL_CALLS'> {}

export interface DrainOptions {
  readonly config?: string;
  readonly undo?: boolean;
  /** Give up waiting after so many seconds; calls are never ended. */
  readonly wait?: number;
}

const POLL_MS = 1000;
const LIMIT_MS = 3000;

export async function drain({ config: file, undo = false, wait }: DrainOptions): Promise<void> {
  const { config } = loadNodeConfig({ file, cwd: process.cwd() });
  const socket = join(config.stateDir, 'run', 'node.sock');
  await command(socket, undo ? '/undrain' : '/drain');
  if (undo) {
    process.stdout.write('this node takes calls again\n');
    return;
  }
  process.stdout.write('no new calls are taken; waiting for those there are\n');
  await untilNoCalls(() => fetchStatus(config.supervisor.http), wait);
  process.stdout.write('drained: no calls are left, this node may be stopped\n');
}

/** Resolves when no call is left; says how many there are whenever that changes. */
export async function untilNoCalls(
  status: () => Promise<Fields>,
  waitSeconds = Infinity,
  rest: (ms: number) => Promise<unknown> = pause,
): Promise<void> {
  let said: number | undefined;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const calls = callsOf(await status());
    if (calls === 0) return;
    if (calls !== undefined && calls !== said) process.stdout.write(calls === 1 ? '1 call\n' : `${calls} calls\n`);
    said = calls ?? said;
    if (waitedMs >= waitSeconds * 1000) {
      throw new DrainError('STILL_CALLS', `${calls ?? 'some'} calls are still there; new ones are still refused`);
    }
    await rest(POLL_MS);
  }
}

/** A number that was counted before new calls were refused says nothing of those that came in between. */
function callsOf(status: Fields): number | undefined {
  const planes = status['planes'];
  const call = isFields(planes) ? planes['call'] : undefined;
  if (!isFields(call) || call['draining'] !== true) return undefined;
  return typeof call['calls'] === 'number' ? call['calls'] : undefined;
}

function command(socketPath: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(new DrainError('NOT_RUNNING', `no Earshot answers at ${socketPath} (${errorCode(cause)})`, { cause }));
    };
    const asked = request({ socketPath, path, method: 'POST', timeout: LIMIT_MS }, (response) => {
      response.resume();
      if (response.statusCode === 204) resolve();
      else fail({ code: `HTTP_${response.statusCode ?? 0}` });
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', fail);
    asked.end();
  });
}
