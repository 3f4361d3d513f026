/** What became of the media packets of this node, as a few sums over its workers' counters. Since they started, RTP only. */

import type { MetricSample } from '../base/metrics.ts';

export interface TrafficStatus {
  /** Legs of anchored sessions, and how many of them have sent audio. */
  readonly legs: number;
  readonly streams: number;
  /** Accepted from legs, sent on to the other side, and not let through for any reason, RTCP and strays included. */
  readonly packets_received: number;
  readonly packets_forwarded: number;
  readonly packets_dropped: number;
  /** Of what was dropped: seen before, and not authentic. */
  readonly packets_replayed: number;
  readonly packets_unauthenticated: number;
  /** Never came, by the holes in each leg's sequence numbers once 32 newer packets have gone by. */
  readonly packets_lost: number;
}

const REPLAYED: ReadonlySet<string> = new Set(['srtp_replayed', 'srtp_too_old']);
const UNAUTHENTICATED: ReadonlySet<string> = new Set(['srtp_unauthentic']);

export function trafficOf(samples: readonly MetricSample[]): TrafficStatus {
  const sum = (name: string, isMeant: (labels: MetricSample['labels']) => boolean = () => true): number =>
    samples
      .filter((sample) => sample.name === name && isMeant(sample.labels))
      .reduce((total, { value }) => total + value, 0);
  const dropped = (reasons?: ReadonlySet<string>): number =>
    sum('earshot_media_dropped_total', ({ reason }) => reasons === undefined || reasons.has(reason ?? ''));
  return {
    legs: sum('earshot_media_legs'),
    streams: sum('earshot_media_streams'),
    packets_received: sum('earshot_media_packets_total', ({ direction }) => direction === 'received'),
    packets_forwarded: sum('earshot_media_packets_total', ({ direction }) => direction === 'sent'),
    packets_dropped: dropped(),
    packets_replayed: dropped(REPLAYED),
    packets_unauthenticated: dropped(UNAUTHENTICATED),
    packets_lost: sum('earshot_media_packets_lost_total'),
  };
}
