import { expect, test } from 'vitest';
import type { MetricSample } from '../../src/base/metrics.ts';
import { trafficOf } from '../../src/call/traffic-status.ts';

test('the counters of all workers are summed, and drops that say something are told apart', () => {
  const samples = [
    sample('earshot_media_legs', 2, { worker: '0' }),
    sample('earshot_media_legs', 4, { worker: '1' }),
    sample('earshot_media_streams', 3),
    sample('earshot_media_packets_total', 100, { side: 'caller', direction: 'received' }),
    sample('earshot_media_packets_total', 50, { side: 'callee', direction: 'received' }),
    sample('earshot_media_packets_total', 149, { side: 'callee', direction: 'sent' }),
    sample('earshot_media_packets_lost_total', 7, { side: 'caller' }),
    sample('earshot_media_dropped_total', 3, { reason: 'srtp_replayed' }),
    sample('earshot_media_dropped_total', 1, { reason: 'srtp_too_old' }),
    sample('earshot_media_dropped_total', 5, { reason: 'srtp_unauthentic' }),
    sample('earshot_media_dropped_total', 2, { reason: 'no_session' }),
    sample('earshot_signaling_requests_total', 99),
  ];

  expect(trafficOf(samples)).toEqual({
    legs: 6,
    streams: 3,
    packets_received: 150,
    packets_forwarded: 149,
    packets_dropped: 11,
    packets_replayed: 4,
    packets_unauthenticated: 5,
    packets_lost: 7,
  });
});

test('a node that has carried nothing has lost nothing', () => {
  expect(Object.values(trafficOf([])).every((value) => value === 0)).toBe(true);
});

function sample(name: string, value: number, labels: Readonly<Record<string, string>> = {}): MetricSample {
  return { name, kind: 'counter', labels, value };
}
