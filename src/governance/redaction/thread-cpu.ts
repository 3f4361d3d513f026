/** CPU time of a thread of this process, so that a worker that spins can be told from one that was given no CPU. */

import { readFileSync } from 'node:fs';

/** The kernel reports these times to user space in hundredths of a second, whatever its own tick is. */
const MS_PER_TICK = 10;

/** User and system CPU time of the thread in ms, to within 10 ms; undefined when it is gone or there is no /proc. */
export function readThreadCpuMs(threadId: number): number | undefined {
  try {
    return parseThreadStat(readFileSync(`/proc/self/task/${threadId}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads one line of `/proc/<pid>/task/<tid>/stat` (proc(5)): utime and stime are fields 14 and 15. */
export function parseThreadStat(line: string): number | undefined {
  // The second field is a name in parentheses that may itself hold spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * MS_PER_TICK : undefined;
}
