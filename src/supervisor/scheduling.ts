/**
 * Scheduling is set before exec and inherited by every thread: the call plane before everything else where the kernel
 * permits it, governance after everything else. `nice` alone was measured not to be enough under load.
 */

import { spawn, spawnSync } from 'node:child_process';
import { readSchedulingPolicy } from './process-identity.ts';

export type PlaneName = 'call' | 'governance';

/** An understudy of the call plane loads without ever holding up the one that runs, and begins before everything else. */
const WISH: Readonly<Record<PlaneName | 'understudy', readonly [policy: string, priority: string]>> = {
  call: ['--rr', '10'],
  understudy: ['--rr', '1'],
  governance: ['--idle', '0'],
};

const POLICY_NAME: Readonly<Record<number, string>> = {
  0: 'other',
  1: 'fifo',
  2: 'rr',
  3: 'batch',
  5: 'idle',
  6: 'deadline',
};

/** Command and arguments that run `argv` under the wished policy, or `argv` itself where that is not permitted. */
export function scheduled(
  plane: PlaneName | 'understudy',
  argv: readonly [string, ...string[]],
  isPermitted: boolean,
): [string, ...string[]] {
  const [command, ...args] = argv;
  return isPermitted ? ['chrt', ...WISH[plane], command, ...args] : [command, ...args];
}

/** Gives every thread of a running understudy what the call plane has. What it has meanwhile will do for calls. */
export function promote(pid: number): void {
  const [policy, priority] = WISH.call;
  const chrt = spawn('chrt', ['--all-tasks', policy, '--pid', priority, String(pid)], { stdio: 'ignore' });
  chrt.on('error', () => undefined);
}

/** What the kernel really gave: `rr`, `idle`, `other`, or `unknown` where it does not say. */
export function obtainedScheduling(pid: number): string {
  const policy = readSchedulingPolicy(pid);
  return policy === undefined ? 'unknown' : (POLICY_NAME[policy] ?? 'unknown');
}

/** Tried on a process that does nothing: containers and other systems often refuse, or lack chrt. */
export function isSchedulingPermitted(plane: PlaneName): boolean {
  const trial = spawnSync('chrt', [...WISH[plane], 'true'], { stdio: 'ignore', timeout: 2000 });
  return trial.status === 0;
}
