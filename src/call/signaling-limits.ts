/** The node's own numbers for signaling, by the names signaling has for them. What is not configurable is not here. */

import type { NodeConfig } from '../config/node-config.ts';
import type { SignalingLimits } from './signaling/limits.ts';

export function signalingLimits(call: NodeConfig['call']): Partial<SignalingLimits> {
  const { maxCalls, newCallsPerSecond, newCallBurst, maxLoopLagMs } = call;
  const { probeEveryMs, probeFailedEveryMs, hopPatienceMs, sweepIdleMs } = call;
  const load = { maxCalls, newCallsPerSecond, newCallBurst, maxLoopLagMs };
  return { ...load, probeEveryMs, probeFailedEveryMs, hopPatienceMs, idleCallMs: sweepIdleMs };
}
