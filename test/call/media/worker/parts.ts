/** What sessions are built from in tests: a clock that tests move, counters that tests read, no DTLS unless given. */

import { ManualClock } from '../../../../src/base/clock.ts';
import { Metric } from '../../../../src/base/metrics.ts';
import type { MediaDrop } from '../../../../src/call/media/drop.ts';
import type { BranchState } from '../../../../src/call/media/session-state.ts';
import type { DtlsMaker, DtlsResult, Handshakes } from '../../../../src/call/media/worker/dtls-end.ts';
import { Leg } from '../../../../src/call/media/worker/leg.ts';
import type { SessionParts, SideTraffic } from '../../../../src/call/media/worker/session-parts.ts';
import { IceLiteAgent } from '../../../../src/protocol/ice/lite-agent.ts';
import { createTransform } from '../../../../src/protocol/srtp/suites.ts';
import { FakePort } from './fake-port.ts';

export interface TestParts extends SessionParts {
  readonly clock: ManualClock;
  readonly handshakes: Handshakes;
  readonly drops: Partial<Record<MediaDrop, number>>;
  readonly dtlsResults: DtlsResult[];
}

/** Random bytes that count: 1, 1, 1, 1, then 2, 2, 2, 2, … */
export function countingRandom(): (sizeBytes: number) => Uint8Array {
  let next = 0;
  return (sizeBytes) => new Uint8Array(sizeBytes).fill(++next);
}

export function makeParts(dtls?: DtlsMaker): TestParts {
  const drops: Partial<Record<MediaDrop, number>> = {};
  const dtlsResults: DtlsResult[] = [];
  return {
    clock: new ManualClock(),
    random: countingRandom(),
    createTransform,
    dtls,
    createIceAgent: (local) => new IceLiteAgent(local),
    handshakes: new Set(),
    drops,
    dtlsResults,
    traffic: { caller: makeTraffic(), callee: makeTraffic() },
    countDrop: (reason) => {
      drops[reason] = (drops[reason] ?? 0) + 1;
    },
    countDtls: (result) => dtlsResults.push(result),
  };
}

function makeTraffic(): SideTraffic {
  const counter = (name: string): Metric => new Metric(name, 'counter', {});
  return {
    received: counter('received'),
    sent: counter('sent'),
    lost: counter('lost'),
    dtmfUntold: counter('dtmfUntold'),
  };
}

/** One leg on ports of its own, in no session. */
export function makeLeg(branch: BranchState, parts: TestParts = makeParts()): Leg {
  return new Leg(branch, {
    ...parts,
    ports: { rtp: new FakePort(1), rtcp: new FakePort(2) },
    spentSsrcs: null,
    onChange: () => undefined,
    onKeys: () => undefined,
    nowUs: parts.clock.monoUs(),
  });
}
