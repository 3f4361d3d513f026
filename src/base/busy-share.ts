/** How busy this thread is: which part of the time its event loop had something to do. */

import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Each call of what it returns says it of the time since the one before: 0 idle, 1 without any rest. */
export function busyShareOfThread(): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
