/** A session on fake ports, with its drops counted by reason. */

import type { StreamId } from '../../../../src/base/ids.ts';
import { Metric } from '../../../../src/base/metrics.ts';
import type { MediaDrop } from '../../../../src/call/media/drop.ts';
import type { SessionState } from '../../../../src/call/media/session-state.ts';
import { Session } from '../../../../src/call/media/worker/session.ts';
import type { SideTraffic } from '../../../../src/call/media/worker/side.ts';
import { FakePort } from './fake-port.ts';

export interface Rig {
  readonly session: Session;
  /** Ports towards each side. */
  readonly caller: FakePort;
  readonly callerRtcp: FakePort;
  readonly callee: FakePort;
  readonly calleeRtcp: FakePort;
  readonly started: { stream: StreamId; firstArrivalUs: number }[];
  readonly drops: Partial<Record<MediaDrop, number>>;
  readonly traffic: Readonly<Record<'caller' | 'callee', SideTraffic>>;
}

/** Random bytes that count: 1, 1, 1, 1, then 2, 2, 2, 2, … */
export function countingRandom(): (sizeBytes: number) => Uint8Array {
  let next = 0;
  return (sizeBytes) => new Uint8Array(sizeBytes).fill(++next);
}

export function rig(state: SessionState): Rig {
  const { caller, callee } = state.sides;
  const ports = {
    caller: new FakePort(caller.pair.rtpPort),
    callerRtcp: new FakePort(caller.pair.rtcpPort),
    callee: new FakePort(callee.pair.rtpPort),
    calleeRtcp: new FakePort(callee.pair.rtcpPort),
  };
  const drops: Partial<Record<MediaDrop, number>> = {};
  const started: { stream: StreamId; firstArrivalUs: number }[] = [];
  const traffic = { caller: makeTraffic(), callee: makeTraffic() };
  const session = new Session(state, {
    ports: {
      caller: { pair: caller.pair, rtp: ports.caller, rtcp: ports.callerRtcp },
      callee: { pair: callee.pair, rtp: ports.callee, rtcp: ports.calleeRtcp },
    },
    random: countingRandom(),
    traffic,
    countDrop: (reason) => {
      drops[reason] = (drops[reason] ?? 0) + 1;
    },
    onStreamStarted: (stream, firstArrivalUs) => started.push({ stream, firstArrivalUs }),
  });
  return { session, ...ports, started, drops, traffic };
}

function makeTraffic(): SideTraffic {
  const counter = (name: string): Metric => new Metric(name, 'counter', {});
  return { received: counter('received'), sent: counter('sent'), lost: counter('lost') };
}
