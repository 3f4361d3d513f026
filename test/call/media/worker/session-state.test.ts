import { expect, test } from 'vitest';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../../../protocol/srtp/keys.ts';
import { makeParts } from './parts.ts';
import { restored, rig } from './rig.ts';
import { CALLEE, CALLER, callerBranch, key, session } from './states.ts';

const bytes = (fill: number) => Buffer.alloc(30, fill);
const secureCaller = session({ caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] } });

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

  const state = first.toState();

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
  const again = restored(state).session.toState();
  expect(again.sides.caller.branches).toEqual(state.sides.caller.branches);
  expect(again.sides.callee.branches).toEqual(state.sides.callee.branches);
});

test('a session rebuilt elsewhere goes on: nothing is taken twice, peers are where they were', () => {
  const before = rig(secureCaller);
  const natted = { address: '203.0.113.7', port: 50_000 };
  const from = sender(bytes(1));
  const wire = [65_535, 0, 1].map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence }))));
  before.caller.receive(wire[0]!, natted);
  before.caller.receive(wire[1]!, natted);

  const after = restored(before.session.toState());
  after.caller.receive(wire[1]!, natted);
  after.caller.receive(wire[2]!, natted);
  after.callee.receive(rtpPacket({ sequence: 1 }), CALLEE);

  expect(after.callee.sent.map(({ bytes: packet }) => packet.readUInt16BE(2))).toEqual([1]);
  expect(after.caller.sent[0]!.to).toEqual(natted);
  expect(after.drops).toEqual({ srtp_replayed: 1 });
  expect(after.started.map(({ stream }) => stream)).toEqual([after.session.toState().sides.callee.branches[0]!.stream]);
});

test('a plain leg keeps the SSRC it is sent under through another life', () => {
  const before = rig(secureCaller);
  before.caller.receive(bytesOf(sender(bytes(1)).protectRtp(rtpPacket({ ssrc: 7 }))), CALLER);

  const after = restored(before.session.toState());
  after.caller.receive(bytesOf(sender(bytes(1)).protectRtp(rtpPacket({ ssrc: 7, sequence: 2 }))), CALLER);

  expect(after.callee.sent[0]!.bytes.readUInt32BE(8)).toBe(7);
});

/**
 * All (SSRC, index) pairs that were sent under one key, however many lives had a part in it. The receiver opens each
 * packet alone, so that no state of its own hides a repetition.
 */
function usedIndices(wires: readonly Buffer[], isRtcp: boolean): string[] {
  const to = receiver(bytes(2));
  return wires.map((wire) => {
    if (isRtcp) {
      bytesOf(receiver(bytes(2)).unprotectRtcp(wire));
      return `${wire.readUInt32BE(4)} ${wire.readUInt32BE(wire.length - 14)}`;
    }
    bytesOf(to.unprotectRtp(wire));
    return `${wire.readUInt32BE(8)} ${to.lastIndex}`;
  });
}

test('however far the mirror lags, no index is used twice under one key, in RTP and in RTCP', () => {
  const first = rig(secureCaller);
  const mirrored = first.session.toState();
  const report = (of: ReturnType<typeof rig>, ssrc: number) =>
    of.calleeRtcp.receive(senderReport(ssrc, 1), { ...CALLEE, port: CALLEE.port + 1 });
  for (let sequence = 1; sequence <= 40; sequence++) first.callee.receive(rtpPacket({ sequence, ssrc: 5 }), CALLEE);
  report(first, 5);
  report(first, 6);
  const second = restored(mirrored);
  // The very same numbers again, other words: what a source that restarts, or a replay by a plain peer, looks like.
  const words = Buffer.alloc(160, 9);
  for (let sequence = 1; sequence <= 40; sequence++) {
    second.callee.receive(rtpPacket({ sequence, ssrc: 5, payload: words }), CALLEE);
  }
  report(second, 5);
  report(second, 6);
  const third = restored(mirrored, { ...makeParts(), random: () => Uint8Array.of(7, 7, 7, 7) });
  for (let sequence = 1; sequence <= 40; sequence++) third.callee.receive(rtpPacket({ sequence, ssrc: 5 }), CALLEE);

  const rtp = usedIndices(
    [first, second, third].flatMap(({ caller }) => caller.sent.map(({ bytes: wire }) => wire)),
    false,
  );
  const rtcp = usedIndices(
    [first, second].flatMap(({ callerRtcp }) => callerRtcp.sent.map(({ bytes: wire }) => wire)),
    true,
  );

  expect(rtp).toHaveLength(120);
  expect(new Set(rtp).size).toBe(120);
  expect(rtcp).toHaveLength(4);
  expect(new Set(rtcp).size).toBe(4);
});

test('after another life RTP and RTCP of a source have one fresh name, and reports about it find their way back', () => {
  const before = rig(secureCaller);
  before.callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);
  const after = restored(before.session.toState());
  const to = receiver(bytes(2));

  after.callee.receive(rtpPacket({ ssrc: 5, sequence: 2 }), CALLEE);
  after.calleeRtcp.receive(senderReport(5, 88), { ...CALLEE, port: CALLEE.port + 1 });
  const name = bytesOf(to.unprotectRtp(after.caller.sent[0]!.bytes)).readUInt32BE(8);
  const report = bytesOf(to.unprotectRtcp(after.callerRtcp.sent[0]!.bytes));
  after.callerRtcp.receive(bytesOf(sender(bytes(1)).protectRtcp(senderReport(88, name))), CALLER);

  expect(name).not.toBe(5);
  expect(report.readUInt32BE(4)).toBe(name);
  expect(after.calleeRtcp.sent[0]!.bytes.readUInt32BE(28)).toBe(5);
});

test('a key that comes back after another life sends under fresh names too', () => {
  const after = restored(secureCaller);
  const withKey = (byte: number, generation: number) =>
    session({ generation, caller: { sendKey: key(byte), branches: [callerBranch({ receiveKey: key(1) })] } });

  after.session.apply(withKey(8, 2));
  after.callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);

  expect(after.caller.sent[0]!.bytes.readUInt32BE(8)).not.toBe(5);
});

test('a name that an earlier life is known to have used is not given again', () => {
  const state = session({
    caller: {
      sendKey: key(2),
      branches: [callerBranch({ receiveKey: key(1) })],
      sent: [{ sourceSsrc: 5, sentSsrc: 0x01010101, roc: 0, highestSequence: 9, rtcpIndex: -1 }],
    },
  });

  const after = restored(state);
  after.callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);

  expect(after.caller.sent[0]!.bytes.readUInt32BE(8)).toBe(0x02020202);
});

test('what must outlive a worker is told when it changes, and not for every packet', () => {
  const { counts, caller } = rig(secureCaller);
  const from = sender(bytes(1));
  const send = (sequence: number) => caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence }))), CALLER);
  counts.changes = 0;

  send(65_534);
  const afterFirst = counts.changes;
  send(65_535);
  const afterSecond = counts.changes;
  send(0);

  expect(afterFirst).toBeGreaterThan(0);
  expect(afterSecond).toBe(afterFirst);
  expect(counts.changes).toBe(afterFirst + 1);
});
