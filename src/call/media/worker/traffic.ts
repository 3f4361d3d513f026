/** What a worker counts of all its sessions together. Labels are sides and directions, never a call's. */

import type { Metric, Metrics } from '../../../base/metrics.ts';
import type { Side } from '../../../model/tenant.ts';
import type { SideTraffic } from './session-parts.ts';
import type { Session } from './session.ts';

export function countTraffic(metrics: Metrics, side: Side): SideTraffic {
  const counter = (direction: 'received' | 'sent'): Metric =>
    metrics.counter('earshot_media_packets_total', { side, direction });
  return {
    received: counter('received'),
    sent: counter('sent'),
    lost: metrics.counter('earshot_media_packets_lost_total', { side }),
    dtmfUntold: metrics.counter('earshot_media_dtmf_untold_total', { side }),
  };
}

/** Legs and streams there are now, and the mean jitter of what arrives from each side. */
export function gaugeTraffic(metrics: Metrics, sessions: Iterable<Session>): void {
  let legs = 0;
  let streams = 0;
  let heard = 0;
  const jitterMs = { caller: 0, callee: 0 };
  for (const session of sessions) {
    const counts = session.counts();
    legs += counts.legs;
    streams += counts.streams;
    if (counts.streams === 0) continue;
    heard += 1;
    jitterMs.caller += session.jitterMs('caller');
    jitterMs.callee += session.jitterMs('callee');
  }
  metrics.gauge('earshot_media_legs').set(legs);
  metrics.gauge('earshot_media_streams').set(streams);
  for (const side of ['caller', 'callee'] as const) {
    metrics.gauge('earshot_media_jitter_ms', { side }).set(heard === 0 ? 0 : jitterMs[side] / heard);
  }
}
