/** Tells whether a process id still means the process we knew: ids are reused, start times are not. */

import { existsSync, readFileSync } from 'node:fs';
import { errorCode } from '../base/error.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (proc(5), field 22 of stat). */
  readonly startTicks: number;
}

/** Start time of a living process, or 0 when there is none. */
export function readStartTicks(pid: number): number {
  return Number(readStat(pid)?.[19] ?? 0);
}

/** Scheduling policy of a living process (proc(5), field 41 of stat): 0 other, 1 fifo, 2 rr, 3 batch, 5 idle. */
export function readSchedulingPolicy(pid: number): number | undefined {
  const field = readStat(pid)?.[38];
  return field === undefined ? undefined : Number(field);
}

/** Whether that very process lives. Without /proc its number is all there is to go by. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  if (!HAS_PROC) return isAlive(identity.pid);
  return identity.startTicks !== 0 && readStartTicks(identity.pid) === identity.startTicks;
}

/** Sends a signal unless the process is gone, also when it goes in this very moment. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    if (isSameProcess(identity)) process.kill(identity.pid, signal);
  } catch (thrown) {
    if (errorCode(thrown) !== 'ESRCH') throw thrown;
  }
}

const HAS_PROC = existsSync('/proc/self/stat');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM';
  }
}

/** Fields of stat after the command name, which may itself hold spaces and parentheses; a zombie counts as gone. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields;
  } catch {
    return undefined;
  }
}
