import { expect, test } from 'vitest';
import { readUint32, rtpSsrc } from '../../../../src/protocol/rtp/header.ts';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../../../protocol/srtp/keys.ts';
import { rig } from './rig.ts';
import {
  branch,
  CALLEE,
  CALLEE_LEG,
  CALLER,
  CALLER_STREAM,
  calleeBranch,
  callerBranch,
  key,
  OTHER_LEG,
  session,
} from './states.ts';

/** Keys: caller sends with 1, we send to the caller with 2; callee sends with 3, we send to the callee with 4. */
const bytes = (fill: number) => Buffer.alloc(30, fill);
const secure = session({
  caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] },
  callee: { sendKey: key(4), branches: [calleeBranch({ receiveKey: key(3) })] },
});
const secureCaller = session({ caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] } });

test('a plain packet goes from one side to the other side as it came', () => {
  const { caller, callee } = rig(session());
  const packet = rtpPacket({ sequence: 9 });

  caller.receive(packet, CALLER);
  callee.receive(packet, CALLEE);

  expect(callee.sent).toEqual([{ bytes: packet, to: CALLEE }]);
  expect(caller.sent).toEqual([{ bytes: packet, to: CALLER }]);
});

test('each side is opened and sealed with its own keys', () => {
  const { caller, callee } = rig(secure);
  const packet = rtpPacket({ sequence: 9 });

  caller.receive(bytesOf(sender(bytes(1)).protectRtp(packet)), CALLER);
  callee.receive(bytesOf(sender(bytes(3)).protectRtp(packet)), CALLEE);

  expect(receiver(bytes(4)).unprotectRtp(callee.take()[0]!.bytes)).toEqual(packet);
  expect(receiver(bytes(2)).unprotectRtp(caller.take()[0]!.bytes)).toEqual(packet);
});

test('SRTP becomes RTP and RTP becomes SRTP, through a wrap of the sequence', () => {
  const { caller, callee, drops } = rig(secureCaller);
  const from = sender(bytes(1));
  const to = receiver(bytes(2));
  const plain: number[] = [];
  const opened: number[] = [];

  for (let sequence = 65_500; sequence < 65_600; sequence++) {
    const packet = rtpPacket({ sequence: sequence % 65_536 });
    caller.receive(bytesOf(from.protectRtp(packet)), CALLER);
    callee.receive(packet, CALLEE);
    plain.push(callee.take()[0]!.bytes.readUInt16BE(2));
    opened.push(bytesOf(to.unprotectRtp(caller.take()[0]!.bytes)).readUInt16BE(2));
  }

  expect(plain).toEqual(opened);
  expect(plain).toHaveLength(100);
  expect(drops).toEqual({});
});

test('a forged, replayed or reflected packet is dropped, counted and never sent', () => {
  const { caller, callee, drops } = rig(secureCaller);
  const genuine = bytesOf(sender(bytes(1)).protectRtp(rtpPacket()));
  const forged = bytesOf(sender(bytes(9)).protectRtp(rtpPacket({ sequence: 2 })));
  caller.receive(genuine, CALLER);
  callee.take();

  caller.receive(genuine, CALLER);
  caller.receive(forged, CALLER);
  caller.receive(rtpPacket({ sequence: 3 }), CALLER);

  expect(callee.sent).toEqual([]);
  expect(drops).toEqual({ srtp_replayed: 1, srtp_unauthentic: 2 });
});

test('what is no media, or is on the wrong port, is counted by what it is', () => {
  const { caller, callerRtcp, callee, drops } = rig(session());

  caller.receive(Buffer.from([0, 1, 0, 0]), CALLER);
  caller.receive(Buffer.from([22, 0xfe, 0xfd]), CALLER);
  caller.receive(Buffer.from([0x90, 0, 0, 1]), CALLER);
  caller.receive(senderReport(1, 2), CALLER);
  callerRtcp.receive(rtpPacket(), CALLER);

  expect(callee.sent).toEqual([]);
  expect(drops).toEqual({ stun: 1, dtls: 1, rtp_malformed: 1, rtcp_not_muxed: 1, rtp_on_rtcp_port: 1 });
});

test('a plain stream cannot be taken over from another address', () => {
  const { caller, callee, drops } = rig(session());
  caller.receive(rtpPacket({ sequence: 1 }), CALLER);

  caller.receive(rtpPacket({ sequence: 2 }), { address: '203.0.113.66', port: 4000 });
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);

  expect(callee.sent).toHaveLength(1);
  expect(caller.sent[0]!.to).toEqual(CALLER);
  expect(drops).toEqual({ source_refused: 1 });
});

test('a plain packet whose padding is impossible teaches no address', () => {
  const { caller, session: running } = rig(session());
  const padded = rtpPacket();
  padded[0] = 0xa0;
  padded[padded.length - 1] = 255;

  caller.receive(padded, { ...CALLER, port: 4321 });

  expect(running.toState().sides.caller.branches[0]!.latchedRtp).toBeNull();
});

test('a secure peer is answered where its newest authentic packet came from, not where a replay came from', () => {
  const { caller, callee } = rig(secureCaller);
  const moved = { address: '203.0.113.7', port: 50_000 };
  const from = sender(bytes(1));
  const first = bytesOf(from.protectRtp(rtpPacket({ sequence: 1 })));
  const late = bytesOf(from.protectRtp(rtpPacket({ sequence: 2 })));
  const newest = bytesOf(from.protectRtp(rtpPacket({ sequence: 3 })));
  caller.receive(first, CALLER);
  caller.receive(newest, moved);

  caller.receive(first, { address: '203.0.113.66', port: 1 });
  caller.receive(late, { address: '203.0.113.66', port: 1 });
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);

  expect(caller.sent[0]!.to).toEqual(moved);
});

test('a change of direction alone neither stops the relay nor forgets a counter', () => {
  const { session: running, caller, callee, drops } = rig(secureCaller);
  const from = sender(bytes(1));
  const hold = (direction: 'inactive' | 'sendrecv', generation: number) =>
    running.apply({
      ...secureCaller,
      generation,
      sides: {
        ...secureCaller.sides,
        caller: {
          ...secureCaller.sides.caller,
          branches: [callerBranch({ receiveKey: key(1), direction, signalingGeneration: generation })],
        },
      },
    });
  for (const sequence of [65_535, 0]) caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence }))), CALLER);

  hold('inactive', 2);
  caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 1 }))), CALLER);
  hold('sendrecv', 3);
  caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 2 }))), CALLER);

  expect(callee.sent).toHaveLength(4);
  expect(drops).toEqual({});
});

test('nothing is sent to a side on hold with 0.0.0.0, and its stream resumes under a name its receiver can follow', () => {
  const { session: running, caller, callee, drops } = rig(secureCaller);
  const to = receiver(bytes(2));
  const at = (address: string, generation: number) =>
    running.apply({
      ...secureCaller,
      generation,
      sides: {
        ...secureCaller.sides,
        caller: {
          ...secureCaller.sides.caller,
          branches: [
            callerBranch({
              receiveKey: key(1),
              remoteRtp: { address, port: 4000 },
              signalingGeneration: generation,
            }),
          ],
        },
      },
    });
  callee.receive(rtpPacket({ sequence: 1000 }), CALLEE);
  bytesOf(to.unprotectRtp(caller.take()[0]!.bytes));

  at('0.0.0.0', 2);
  callee.receive(rtpPacket({ sequence: 20_000 }), CALLEE);
  expect(caller.take()).toEqual([]);
  at(CALLER.address, 3);
  for (let sequence = 40_000; sequence < 40_010; sequence++) callee.receive(rtpPacket({ sequence }), CALLEE);

  const opened = caller.take().map(({ bytes: wire }) => to.unprotectRtp(wire));
  expect(opened).toHaveLength(6);
  expect(opened.every((result) => typeof result !== 'string')).toBe(true);
  expect(new Set(opened.map((result) => rtpSsrc(bytesOf(result))))).toEqual(new Set([0x01010101]));
  expect(drops).toEqual({ no_destination: 1, srtp_index_too_old: 4 });
});

test('a plain peer cannot make us protect two packets under one index', () => {
  const { caller, callee, drops } = rig(secureCaller);

  callee.receive(rtpPacket({ sequence: 5, payload: Buffer.alloc(160, 1) }), CALLEE);
  callee.receive(rtpPacket({ sequence: 5, payload: Buffer.alloc(160, 2) }), CALLEE);

  expect(caller.sent).toHaveLength(1);
  expect(drops).toEqual({ srtp_index_used: 1 });
});

test('of a fork only the active branch is heard, and branches are told apart by their source', () => {
  const other = { address: '198.51.100.3', port: 7000 };
  const forked = session({
    callee: { branches: [calleeBranch(), branch(other, { leg: OTHER_LEG })], activeLeg: OTHER_LEG },
  });
  const { caller, callee, drops } = rig(forked);

  callee.receive(rtpPacket({ ssrc: 1 }), CALLEE);
  callee.receive(rtpPacket({ ssrc: 2 }), other);
  caller.receive(rtpPacket({ ssrc: 3 }), CALLER);

  expect(caller.sent.map(({ bytes: wire }) => rtpSsrc(wire))).toEqual([2]);
  expect(callee.sent.map(({ to }) => to)).toEqual([other]);
  expect(drops).toEqual({ inactive_branch: 1 });
});

test('secure branches that share a port are told apart by their keys, wherever they send from', () => {
  const unknown = { address: '203.0.113.50', port: 1234 };
  const forked = session({
    callee: {
      sendKey: key(4),
      branches: [calleeBranch({ receiveKey: key(3) }), branch(CALLEE, { leg: OTHER_LEG, receiveKey: key(5) })],
      activeLeg: OTHER_LEG,
    },
  });
  const { caller, callee } = rig(forked);

  callee.receive(bytesOf(sender(bytes(5)).protectRtp(rtpPacket({ sequence: 7 }))), unknown);

  expect(caller.sent).toHaveLength(1);
});

test('two branches with the same SSRC share no index: the second goes out under a fresh one, in RTCP too', () => {
  const other = { address: '198.51.100.3', port: 7000 };
  const branches = [calleeBranch(), branch(other, { leg: OTHER_LEG })];
  const forked = (activeLeg: typeof CALLEE_LEG, generation: number) =>
    session({
      generation,
      caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] },
      callee: { branches, activeLeg },
    });
  const { session: running, caller, callerRtcp, callee, calleeRtcp } = rig(forked(CALLEE_LEG, 1));
  const to = receiver(bytes(2));
  const back = sender(bytes(1));
  callee.receive(rtpPacket({ ssrc: 77, sequence: 5 }), CALLEE);
  const first = bytesOf(to.unprotectRtp(caller.take()[0]!.bytes));

  running.apply(forked(OTHER_LEG, 2));
  callee.receive(rtpPacket({ ssrc: 77, sequence: 5 }), other);
  calleeRtcp.receive(senderReport(77, 88), { ...other, port: 7001 });
  callerRtcp.receive(bytesOf(back.protectRtcp(senderReport(88, 0x01010101))), { ...CALLER, port: 4001 });

  const second = bytesOf(to.unprotectRtp(caller.take()[0]!.bytes));
  const report = bytesOf(to.unprotectRtcp(callerRtcp.take()[0]!.bytes));
  expect(rtpSsrc(first)).toBe(77);
  expect(rtpSsrc(second)).toBe(0x01010101);
  expect(readUint32(report, 4)).toBe(0x01010101);
  expect(readUint32(report, 28)).toBe(88);
  expect(readUint32(calleeRtcp.take()[0]!.bytes, 28)).toBe(77);
});

test('RTCP goes to the RTCP port, or beside RTP where that was agreed', () => {
  const muxed = session({ callee: { branches: [calleeBranch({ rtcpMux: true, remoteRtcp: CALLEE })] } });
  const { caller, callerRtcp, callee, calleeRtcp } = rig(muxed);

  callerRtcp.receive(senderReport(1, 2), { ...CALLER, port: 4001 });
  callee.receive(senderReport(2, 1), CALLEE);

  expect(callee.sent).toEqual([{ bytes: senderReport(1, 2), to: CALLEE }]);
  expect(callerRtcp.sent).toEqual([{ bytes: senderReport(2, 1), to: { ...CALLER, port: 4001 } }]);
  expect([...caller.sent, ...calleeRtcp.sent]).toEqual([]);
});

test('malformed RTCP is dropped, even when it is authentic', () => {
  const { callerRtcp, calleeRtcp, drops } = rig(secureCaller);
  const broken = senderReport(1, 2);
  broken[0] = 0x9f;

  callerRtcp.receive(bytesOf(sender(bytes(1)).protectRtcp(broken)), CALLER);
  calleeRtcp.receive(broken, { ...CALLEE, port: 6001 });

  expect([...callerRtcp.sent, ...calleeRtcp.sent]).toEqual([]);
  expect(drops).toEqual({ rtcp_malformed: 2 });
});

test('before an answer nothing is relayed, and early packets of nobody are dropped', () => {
  const offered = session({ callee: { branches: [], activeLeg: null } });
  const { caller, callee, drops } = rig(offered);

  caller.receive(rtpPacket(), CALLER);
  callee.receive(rtpPacket(), CALLEE);

  expect([...caller.sent, ...callee.sent]).toEqual([]);
  expect(drops).toEqual({ no_destination: 1, no_leg: 1 });
});

test('a full send queue is counted and the call goes on', () => {
  const { caller, callee, drops } = rig(session());
  callee.isFull = true;
  caller.receive(rtpPacket({ sequence: 1 }), CALLER);
  callee.isFull = false;

  caller.receive(rtpPacket({ sequence: 2 }), CALLER);

  expect(callee.sent).toHaveLength(1);
  expect(drops).toEqual({ send_queue_full: 1 });
});

test('an older state from signaling changes nothing', () => {
  const { session: running, caller, callee } = rig(session({ generation: 5 }));

  running.apply(session({ generation: 4, callee: { activeLeg: null } }));
  caller.receive(rtpPacket(), CALLER);

  expect(callee.sent).toHaveLength(1);
});

test('received, sent and dropped packets are counted per side', () => {
  const { session: running, caller } = rig(session());

  caller.receive(rtpPacket({ sequence: 1 }), CALLER);
  caller.receive(rtpPacket({ sequence: 2 }), { address: '203.0.113.66', port: 1 });

  expect(running.stats(false).sides).toEqual({
    caller: { received: 1, sent: 0, dropped: 1, lost: 0, jitterMs: 0 },
    callee: { received: 0, sent: 1, dropped: 0, lost: 0, jitterMs: 0 },
  });
  expect(running.wasActive()).toBe(true);
  expect(running.wasActive()).toBe(false);
});

test('the start of a stream is told once, by its first accepted packet', () => {
  const { caller, started } = rig(session());

  caller.receive(rtpPacket({ sequence: 1 }), { address: '203.0.113.66', port: 1 }, 100);
  caller.receive(rtpPacket({ sequence: 2 }), CALLER, 200);
  caller.receive(rtpPacket({ sequence: 3 }), CALLER, 300);

  expect(started).toEqual([{ stream: CALLER_STREAM, firstArrivalUs: 200 }]);
});

test('an ended session hears nothing and its keys are gone', () => {
  const { session: running, caller, callee } = rig(secureCaller);

  running.end();
  caller.receive(bytesOf(sender(bytes(1)).protectRtp(rtpPacket())), CALLER);

  expect(callee.sent).toEqual([]);
  expect(running.toState().sides.caller.sent).toEqual([]);
});

test('packets that never came are counted for the side they were sent from, forged ones fill no hole', () => {
  const { session, caller, callee, traffic } = rig(secureCaller);
  const from = sender(bytes(1));
  const forger = sender(bytes(9));
  const isMissing = (sequence: number): boolean => sequence === 20 || sequence === 21;

  for (let sequence = 1; sequence < 80; sequence++) {
    const sealed = bytesOf((isMissing(sequence) ? forger : from).protectRtp(rtpPacket({ sequence })));
    caller.receive(sealed, CALLER);
    callee.receive(rtpPacket({ sequence }), CALLEE);
  }

  expect(traffic.caller.lost.value).toBe(2);
  expect(traffic.callee.lost.value).toBe(0);
  expect(session.counts()).toEqual({ legs: 2, streams: 2 });
});

/** Both sides' RTCP: whether it is muxed on that side decides only its port there. */
test.for([
  { callerMux: true, calleeMux: true },
  { callerMux: true, calleeMux: false },
  { callerMux: false, calleeMux: true },
  { callerMux: false, calleeMux: false },
])('RTCP crosses between caller muxed $callerMux and callee muxed $calleeMux, both ways', (mux) => {
  const { callerMux, calleeMux } = mux;
  const callerRtcpAt = callerMux ? CALLER : { ...CALLER, port: 4001 };
  const calleeRtcpAt = calleeMux ? CALLEE : { ...CALLEE, port: 6001 };
  const all = rig(
    session({
      caller: {
        sendKey: key(2),
        branches: [callerBranch({ receiveKey: key(1), rtcpMux: callerMux, remoteRtcp: callerRtcpAt })],
      },
      callee: { branches: [calleeBranch({ rtcpMux: calleeMux, remoteRtcp: calleeRtcpAt })] },
    }),
  );
  const callerPort = callerMux ? all.caller : all.callerRtcp;
  const calleePort = calleeMux ? all.callee : all.calleeRtcp;

  callerPort.receive(bytesOf(sender(bytes(1)).protectRtcp(senderReport(1, 2))), callerRtcpAt);
  calleePort.receive(senderReport(2, 1), calleeRtcpAt);

  expect(calleePort.sent).toEqual([{ bytes: senderReport(1, 2), to: calleeRtcpAt }]);
  expect(callerPort.sent.map(({ to }) => to)).toEqual([callerRtcpAt]);
  expect(receiver(bytes(2)).unprotectRtcp(callerPort.sent[0]!.bytes)).toEqual(senderReport(2, 1));
  expect([all.caller, all.callerRtcp, all.callee, all.calleeRtcp].flatMap(({ sent }) => sent)).toHaveLength(2);
  expect(all.drops).toEqual({});
});

test('RTP and RTCP of a peer behind NAT are found apart', () => {
  const { caller, callerRtcp, callee, calleeRtcp, drops } = rig(
    session({ caller: { branches: [callerBranch({ nat: true })] } }),
  );
  const rtp = { address: '203.0.113.7', port: 50_000 };
  const rtcp = { address: '203.0.113.7', port: 50_777 };

  caller.receive(rtpPacket({ sequence: 1 }), rtp);
  callerRtcp.receive(senderReport(1, 2), rtcp);
  caller.receive(rtpPacket({ sequence: 2 }), rtcp);
  callee.receive(rtpPacket(), CALLEE);
  calleeRtcp.receive(senderReport(2, 1), { ...CALLEE, port: 6001 });

  expect([caller.sent[0]!.to, callerRtcp.sent[0]!.to]).toEqual([rtp, rtcp]);
  expect(drops).toEqual({ source_refused: 1 });
});

test('SRTP from the place of a secure branch is never tried on a plain one beside it', () => {
  const branches = [
    branch(CALLEE, { leg: OTHER_LEG, receiveKey: key(5) }),
    calleeBranch({ remoteRtp: { ...CALLEE, port: 7000 } }),
  ];
  const { caller, callee, drops } = rig(session({ callee: { branches } }));

  callee.receive(bytesOf(sender(bytes(9)).protectRtp(rtpPacket())), CALLEE);

  expect(caller.sent).toEqual([]);
  expect(drops).toEqual({ srtp_unauthentic: 1 });
});

test('losses and jitter of what arrives are told per side', () => {
  const { session: running, caller, callee } = rig(session());

  for (let at = 0; at < 100; at++) {
    const fields = { sequence: at, timestamp: at * 160 };
    if (at % 10 !== 5) caller.receive(rtpPacket(fields), CALLER, at * 20_000);
    callee.receive(rtpPacket(fields), CALLEE, at * 20_000 + (at % 2) * 8000);
  }

  const { sides } = running.stats(false);
  expect(sides.caller).toMatchObject({ lost: 10, jitterMs: 0 });
  expect(sides.callee.lost).toBe(0);
  expect(sides.callee.jitterMs).toBeGreaterThan(7);
  expect(sides.callee.jitterMs).toBeLessThanOrEqual(8);
});
