import { expect, test } from 'vitest';
import { carryOver } from '../../../src/call/media/carry-over.ts';
import { KeptSessions } from '../../../src/call/media/kept-sessions.ts';
import type { BranchState, SessionState } from '../../../src/call/media/session-state.ts';
import { CALL, CALLER, callerBranch, dtlsWith, key, OTHER_LEG, pair, session } from './worker/states.ts';

const LATCHED = { ...CALLER, port: 4444 };
const received = [{ ssrc: 5, roc: 1, highestSequence: 9, rtcpIndex: 3 }];
const sent = [{ sourceSsrc: 6, sentSsrc: 7, roc: 0, highestSequence: 1, rtcpIndex: -1 }];

function stateWith(change: Partial<BranchState>, generation: number): SessionState {
  return session({ generation, caller: { sendKey: key(2), branches: [callerBranch(change)] } });
}

/** The caller's branch after signaling said `now` and a worker had learnt `before`. */
function carried(before: Partial<BranchState>, now: Partial<BranchState>): BranchState {
  return carryOver(stateWith(now, 2), stateWith(before, 1)).sides.caller.branches[0]!;
}

test('what a worker told after the newest signaling is all there is to know', () => {
  const learnt = stateWith({ latchedRtp: LATCHED }, 2);

  expect(carryOver(stateWith({}, 2), learnt)).toBe(learnt);
  expect(carryOver(stateWith({}, 1), learnt)).toBe(learnt);
  expect(carryOver(stateWith({}, 1), undefined)).toEqual(stateWith({}, 1));
});

test('newer signaling keeps where the peer is, what was received and when its stream began', () => {
  const before = { receiveKey: key(1), latchedRtp: LATCHED, latchedRtcp: LATCHED, received, firstArrivalUs: 7 };

  expect(carried(before, { receiveKey: key(1), direction: 'inactive' })).toEqual(
    callerBranch({ ...before, direction: 'inactive' }),
  );
});

test('a signaling event looks for the peer anew, unless its own checks say where it is', () => {
  const moved = { signalingGeneration: 2, latchedRtp: null, latchedRtcp: null };
  const ice = { ufrag: 'tHeY', password: '' };

  expect(carried({ latchedRtp: LATCHED }, moved)).toMatchObject({ latchedRtp: null });
  expect(carried({ latchedRtp: LATCHED, ice }, { ...moved, ice })).toMatchObject({ latchedRtp: LATCHED });
});

test('another key, or another identifier of it, begins to count from nothing', () => {
  const before = { receiveKey: key(1), received };

  expect(carried(before, { receiveKey: key(1) }).received).toEqual(received);
  expect(carried(before, { receiveKey: key(9) }).received).toEqual([]);
  expect(carried(before, { receiveKey: { ...key(1), mki: '01' } }).received).toEqual([]);
  expect(carried(before, { dtls: dtlsWith('AL:IC') }).received).toEqual([]);
});

test('keys of a handshake go on, and it is remembered which association they are of', () => {
  const keys = { receive: key(1), send: key(2) };
  const before = { dtls: dtlsWith('AL:IC', { keys, rtcpKeys: keys }), received };

  const branch = carried(before, { dtls: dtlsWith('BE:LA', { association: 2 }) });

  expect(branch.dtls).toEqual(dtlsWith('BE:LA', { association: 2, keys, rtcpKeys: keys, keysOf: 1, rtcpKeysOf: 1 }));
  expect(branch.received).toEqual(received);
  expect(carried(before, { dtls: null }).dtls).toBeNull();
});

test('branches come and go with signaling, and what was sent under our key is not forgotten', () => {
  const learnt = session({ caller: { sent, branches: [callerBranch({ latchedRtp: LATCHED })] } });
  const both = [callerBranch(), callerBranch({ leg: OTHER_LEG })];

  const { caller } = carryOver(session({ generation: 2, caller: { branches: both } }), learnt).sides;

  expect(caller.branches.map(({ latchedRtp }) => latchedRtp)).toEqual([LATCHED, null]);
  expect(caller.sent).toEqual(sent);
});

test('what a worker tells of a session that was built anew on other ports is not believed of it', () => {
  const kept = new KeptSessions();
  kept.signal(session({ generation: 3, caller: { pair: pair(30_000) } }));

  expect(kept.learn(session({ generation: 2 }))).toBeUndefined();
  expect(kept.statesOf(CALL)[0]!.generation).toBe(3);
});

test('sessions are kept by call and m-line, and are over with their call', () => {
  const kept = new KeptSessions();
  kept.signal(session());
  kept.signal({ ...session(), mLine: 2 });
  kept.drop(CALL, 2);

  expect(kept.states(0)).toEqual([session()]);
  expect(kept.states(1)).toEqual([]);
  expect(kept.end(CALL)).toEqual({ worker: 0, pairs: [20_000, 20_002], mLines: [0] });
  expect(kept.end(CALL)).toBeUndefined();
  expect(kept.size).toBe(0);
});
