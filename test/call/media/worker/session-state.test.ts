import { expect, test } from 'vitest';
import type { SessionState } from '../../../../src/call/media/session-state.ts';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../../../protocol/srtp/keys.ts';
import { rig } from './rig.ts';
import { CALLEE, CALLER, callerBranch, key, session } from './states.ts';

const bytes = (fill: number) => Buffer.alloc(30, fill);
const secureCaller = session({ caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] } });

/** What another process would get: JSON and back. */
function carried(state: SessionState): SessionState {
  return JSON.parse(JSON.stringify(state)) as SessionState;
}

test('a session that saw nothing is its state', () => {
  expect(rig(secureCaller).session.toState()).toEqual(secureCaller);
});

test('counter, latch, sent indices and first arrival come through a round trip', () => {
  const { session: first, caller, callee, callerRtcp } = rig(secureCaller);
  const from = sender(bytes(1));
  const natted = { address: '203.0.113.7', port: 50_000 };
  for (const sequence of [65_535, 0]) caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence }))), natted, 7777);
  callerRtcp.receive(bytesOf(from.protectRtcp(senderReport(0xcafebabe, 1))), CALLER);
  for (const sequence of [65_535, 0]) callee.receive(rtpPacket({ sequence, ssrc: 5 }), { ...CALLEE, port: 6006 }, 8888);

  const state = carried(first.toState());

  expect(state.sides.caller.branches[0]).toMatchObject({
    latchedRtp: natted,
    latchedRtcp: CALLER,
    firstArrivalUs: 7777,
    received: [{ ssrc: 0xcafebabe, roc: 1, highestSequence: 0, rtcpIndex: 0 }],
  });
  expect(state.sides.callee.branches[0]).toMatchObject({
    latchedRtp: { ...CALLEE, port: 6006 },
    firstArrivalUs: 8888,
  });
  expect(state.sides.caller.sent).toEqual([{ sourceSsrc: 5, sentSsrc: 5, roc: 1, highestSequence: 0, rtcpIndex: -1 }]);
  expect(rig(state).session.toState()).toEqual(state);
});

test('a session rebuilt elsewhere goes on: nothing is taken twice, no index is used twice, peers follow', () => {
  const before = rig(secureCaller);
  const from = sender(bytes(1));
  const to = receiver(bytes(2));
  const wire = [65_535, 0, 1].map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence }))));
  before.caller.receive(wire[0]!, CALLER);
  before.caller.receive(wire[1]!, CALLER);
  for (const sequence of [65_535, 0]) before.callee.receive(rtpPacket({ sequence }), CALLEE);
  for (const { bytes: sent } of before.caller.take()) bytesOf(to.unprotectRtp(sent));

  const after = rig(carried(before.session.toState()));
  after.caller.receive(wire[1]!, CALLER);
  after.caller.receive(wire[2]!, CALLER);
  after.callee.receive(rtpPacket({ sequence: 0, payload: Buffer.alloc(160, 1) }), CALLEE);
  after.callee.receive(rtpPacket({ sequence: 1 }), CALLEE);

  expect(after.callee.sent).toHaveLength(1);
  const [resumed, ...more] = after.caller.take();
  expect(more).toEqual([]);
  expect(to.unprotectRtp(resumed!.bytes)).toBeInstanceOf(Buffer);
  expect(after.drops).toEqual({ srtp_replayed: 1, srtp_index_used: 1 });
});

test('a renamed source keeps its name when it is carried over', () => {
  const before = rig(secureCaller);
  for (const sequence of [30_000, 1, 2, 3, 4, 5, 6]) before.callee.receive(rtpPacket({ sequence, ssrc: 5 }), CALLEE);
  const renamed = before.caller.take().at(-1)!.bytes.readUInt32BE(8);

  const after = rig(carried(before.session.toState()));
  after.callee.receive(rtpPacket({ sequence: 7, ssrc: 5 }), CALLEE);

  expect(renamed).not.toBe(5);
  expect(after.caller.sent[0]!.bytes.readUInt32BE(8)).toBe(renamed);
});
