/**
 * CPU time of one thread of this process, from the kernel (proc(5), stat). Wall time convicts the innocent on a busy
 * machine: a worker is ended only for time that it spent itself.
 */

import { readFileSync } from 'node:fs';

/** The kernel counts in USER_HZ, which is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;

/** User and system time of thread `id` so far, in microseconds; undefined where the system does not tell. */
export function threadCpuUs(id: number): number | undefined {
  try {
    return parseThreadStat(readFileSync(`/proc/self/task/${id}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Fields 14 (utime) and 15 (stime). Field 2, the name, may hold spaces and brackets, so counting begins after it. */
export function parseThreadStat(text: string): number | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isSafeInteger(ticks) && ticks >= 0 ? ticks * TICK_US : undefined;
}
