/** Tells whether a process id still means the process we knew: ids are reused, start times are not. */

import { readFileSync } from 'node:fs';

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

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identity.startTicks !== 0 && readStartTicks(identity.pid) === identity.startTicks;
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
