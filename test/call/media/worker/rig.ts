/** A session on fake ports, with its drops counted by reason. */

import type { StreamId } from '../../../../src/base/ids.ts';
import type { SessionState } from '../../../../src/call/media/session-state.ts';
import { Session } from '../../../../src/call/media/worker/session.ts';
import { FakePort } from './fake-port.ts';
import { makeParts, type TestParts } from './parts.ts';

export { countingRandom } from './parts.ts';

export interface Rig extends Pick<TestParts, 'clock' | 'drops' | 'dtlsResults' | 'handshakes' | 'traffic'> {
  readonly session: Session;
  /** Ports towards each side. */
  readonly caller: FakePort;
  readonly callerRtcp: FakePort;
  readonly callee: FakePort;
  readonly calleeRtcp: FakePort;
  readonly started: { stream: StreamId; firstArrivalUs: number }[];
  readonly pressed: { stream: StreamId; atUs: number; durationMs: number }[];
  readonly counts: { changes: number; keys: number };
}

export function rig(state: SessionState, parts: TestParts = makeParts(), isRestored = false): Rig {
  const { caller, callee } = state.sides;
  const ports = {
    caller: new FakePort(caller.pair.rtpPort),
    callerRtcp: new FakePort(caller.pair.rtcpPort),
    callee: new FakePort(callee.pair.rtpPort),
    calleeRtcp: new FakePort(callee.pair.rtcpPort),
  };
  const started: Rig['started'] = [];
  const pressed: Rig['pressed'] = [];
  const counts = { changes: 0, keys: 0 };
  const session = new Session(state, {
    parts,
    ports: {
      caller: { pair: caller.pair, isInherited: isRestored, rtp: ports.caller, rtcp: ports.callerRtcp },
      callee: { pair: callee.pair, isInherited: isRestored, rtp: ports.callee, rtcp: ports.calleeRtcp },
    },
    events: {
      onStreamStarted: (stream, firstArrivalUs) => started.push({ stream, firstArrivalUs }),
      onDtmf: (stream, atUs, durationMs) => pressed.push({ stream, atUs, durationMs }),
      onChange: () => (counts.changes += 1),
      onKeys: () => (counts.keys += 1),
    },
    isRestored,
  });
  const { clock, drops, dtlsResults, handshakes, traffic } = parts;
  return { session, ...ports, started, pressed, counts, clock, drops, dtlsResults, handshakes, traffic };
}

/** The same session in another life: JSON and back, as another process would get it. */
export function restored(state: SessionState, parts: TestParts = makeParts()): Rig {
  return rig(JSON.parse(JSON.stringify(state)) as SessionState, parts, true);
}
