/** Session states for tests: a caller at 192.0.2.1 and a callee at 198.51.100.2, plain unless a test says otherwise. */

import type { CallId, LegId, StreamId } from '../../../../src/base/ids.ts';
import type {
  BranchState,
  DtlsBranch,
  Endpoint,
  MediaPair,
  SessionState,
  SideState,
  SrtpKey,
} from '../../../../src/call/media/session-state.ts';

export const CALL = `c_${'0'.repeat(32)}` as CallId;
export const CALLER_LEG = `l_${'a'.repeat(32)}` as LegId;
export const CALLEE_LEG = `l_${'b'.repeat(32)}` as LegId;
export const OTHER_LEG = `l_${'c'.repeat(32)}` as LegId;
export const CALLER_STREAM = `s_${'a'.repeat(32)}` as StreamId;
export const CALLEE_STREAM = `s_${'b'.repeat(32)}` as StreamId;

export const CALLER: Endpoint = { address: '192.0.2.1', port: 4000 };
export const CALLEE: Endpoint = { address: '198.51.100.2', port: 6000 };

/** A key whose 30 bytes are all `byte`. */
export function key(byte: number): SrtpKey {
  return { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: Buffer.alloc(30, byte).toString('base64') };
}

export function pair(rtpPort: number, id = rtpPort): MediaPair {
  const addresses = { bindAddress: '127.0.0.1', advertisedAddress: '203.0.113.9', family: 4 } as const;
  return { pair: id, worker: 0, interface: 'outside', ...addresses, rtpPort, rtcpPort: rtpPort + 1 };
}

export function branch(at: Endpoint, change: Partial<BranchState> = {}): BranchState {
  return {
    leg: CALLEE_LEG,
    stream: CALLEE_STREAM,
    remoteRtp: at,
    remoteRtcp: { address: at.address, port: at.port + 1 },
    rtcpMux: false,
    receiveKey: null,
    dtls: null,
    ice: null,
    nat: false,
    direction: 'sendrecv',
    payloads: [
      { payloadType: 0, encoding: 'PCMU', clockRateHz: 8000 },
      { payloadType: 101, encoding: 'telephone-event', clockRateHz: 8000 },
    ],
    ptimeMs: 20,
    latchedRtp: null,
    latchedRtcp: null,
    signalingGeneration: 1,
    received: [],
    firstArrivalUs: null,
    ...change,
  };
}

export function callerBranch(change: Partial<BranchState> = {}): BranchState {
  return branch(CALLER, { leg: CALLER_LEG, stream: CALLER_STREAM, ...change });
}

export function calleeBranch(change: Partial<BranchState> = {}): BranchState {
  return branch(CALLEE, change);
}

export interface SessionChange {
  readonly generation?: number;
  readonly caller?: Partial<SideState>;
  readonly callee?: Partial<SideState>;
}

export function session(change: SessionChange = {}): SessionState {
  return {
    version: 2,
    call: CALL,
    generation: change.generation ?? 1,
    mLine: 0,
    mode: 'open',
    sides: {
      caller: {
        pair: pair(20_000),
        sendKey: null,
        ice: null,
        branches: [callerBranch()],
        activeLeg: CALLER_LEG,
        sent: [],
        ...change.caller,
      },
      callee: {
        pair: pair(20_002),
        sendKey: null,
        ice: null,
        branches: [calleeBranch()],
        activeLeg: CALLEE_LEG,
        sent: [],
        ...change.callee,
      },
    },
  };
}

/** How a branch keys itself by a handshake with who holds `certificate`. */
export function dtlsWith(certificate: string, change: Partial<DtlsBranch> = {}): DtlsBranch {
  return {
    role: 'passive',
    fingerprints: [{ hash: 'sha-256', value: certificate }],
    suites: ['AES_CM_128_HMAC_SHA1_80'],
    association: 1,
    keys: null,
    ...change,
  };
}
