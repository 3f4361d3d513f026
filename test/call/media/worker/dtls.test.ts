import { expect, test } from 'vitest';
import type { BranchState, SessionState } from '../../../../src/call/media/session-state.ts';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../../../protocol/srtp/keys.ts';
import { ALERT, clientHello, FakeDtls, finished, HELLO_VERIFY, SERVER_FLIGHT } from './fake-dtls.ts';
import { makeParts } from './parts.ts';
import { restored, rig, type Rig } from './rig.ts';
import {
  branch,
  CALLEE,
  CALLER,
  CALLEE_LEG,
  callerBranch,
  calleeBranch,
  dtlsWith,
  key,
  OTHER_LEG,
  session,
} from './states.ts';

const STRANGER = { address: '203.0.113.66', port: 1234 };
const RTCP = { address: CALLER.address, port: CALLER.port + 1 };

/** A session whose caller shakes hands, and what it made of it. */
function dtlsCaller(change: Partial<BranchState> = {}, generation = 1): SessionState {
  const muxed = { rtcpMux: true, remoteRtcp: CALLER };
  return session({
    generation,
    caller: { branches: [callerBranch({ ...muxed, dtls: dtlsWith('AL:IC'), ...change })] },
  });
}

function dtlsRig(state: SessionState = dtlsCaller()): Rig & { readonly dtls: FakeDtls } {
  const dtls = new FakeDtls();
  return { ...rig(state, makeParts(dtls)), dtls };
}

/** A handshake as its client sees it, from `from`. */
function shakeHands({ caller }: Rig, { from = CALLER, random = 1, certificate = 'AL:IC', atUs = 1000 } = {}): void {
  caller.receive(clientHello(random, 'no cookie'), from, atUs);
  caller.receive(clientHello(random), from, atUs);
  caller.receive(finished(certificate), from, atUs);
}

function taken(port: Rig['caller']): Buffer[] {
  return port.take().map(({ bytes }) => bytes);
}

test('nothing is relayed to or from a peer before its handshake, in clear or under any key', () => {
  const { caller, callee, drops } = dtlsRig();

  caller.receive(rtpPacket(), CALLER);
  caller.receive(bytesOf(sender().protectRtp(rtpPacket())), CALLER);
  caller.receive(senderReport(1, 2), CALLER);
  callee.receive(rtpPacket(), CALLEE);

  expect([...caller.sent, ...callee.sent]).toEqual([]);
  expect(drops).toEqual({ dtls_not_ready: 4 });
});

test('a peer that shakes hands is relayed under the keys of its handshake, RTCP beside RTP', () => {
  const all = dtlsRig();
  const { caller, callee, calleeRtcp, dtls } = all;

  shakeHands(all);
  const said = caller.take();
  const from = sender(dtls.made[0]!.receiveKey);
  const to = receiver(dtls.made[0]!.sendKey);
  caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 4 }))), CALLER);
  caller.receive(bytesOf(from.protectRtcp(senderReport(0xcafebabe, 2))), CALLER);
  callee.receive(rtpPacket({ sequence: 5 }), CALLEE);
  calleeRtcp.receive(senderReport(0xcafebabe, 3), { ...CALLEE, port: CALLEE.port + 1 });

  expect(said.map(({ bytes }) => bytes)).toEqual([HELLO_VERIFY, SERVER_FLIGHT, finished('OU:RS')]);
  expect(said.every((each) => each.to.address === CALLER.address && each.to.port === CALLER.port)).toBe(true);
  expect(callee.sent.map(({ bytes }) => bytes)).toEqual([rtpPacket({ sequence: 4 })]);
  expect(calleeRtcp.sent.map(({ bytes }) => bytes)).toEqual([senderReport(0xcafebabe, 2)]);
  const [rtp, rtcp] = taken(caller);
  expect(to.unprotectRtp(rtp!)).toEqual(rtpPacket({ sequence: 5 }));
  expect(to.unprotectRtcp(rtcp!)).toEqual(senderReport(0xcafebabe, 3));
  expect(all.dtlsResults).toEqual(['done']);
  expect(all.drops).toEqual({});
});

test('an impostor with another certificate gets no key, and the leg stays silent', () => {
  const all = dtlsRig();

  shakeHands(all, { certificate: 'MA:LL' });
  all.caller.take();
  all.callee.receive(rtpPacket(), CALLEE);

  expect(all.caller.sent).toEqual([]);
  expect(all.dtlsResults).toEqual(['fingerprint_mismatch']);
  expect(all.session.toState().sides.caller.branches[0]!.dtls!.keys).toBeNull();
  expect(all.drops).toEqual({ dtls_not_ready: 1 });
});

test('the real peer gets through after an impostor has failed, and beside one that only talks', () => {
  const all = dtlsRig();
  shakeHands(all, { from: STRANGER, certificate: 'MA:LL' });
  all.caller.receive(clientHello(7), STRANGER, 2000);

  shakeHands(all, { random: 8, atUs: 3000 });

  expect(all.dtlsResults).toEqual(['fingerprint_mismatch', 'superseded', 'done']);
});

test('a peer behind NAT shakes hands from where SDP did not say, and is sent to there', () => {
  const all = dtlsRig();

  shakeHands(all, { from: STRANGER });
  all.caller.take();
  all.callee.receive(rtpPacket(), CALLEE);

  expect(all.caller.sent.map(({ to }) => to)).toEqual([STRANGER]);
});

test('a stranger that never proves its address takes no work and no place', () => {
  const all = dtlsRig();
  for (let at = 0; at < 50; at++) {
    all.caller.receive(clientHello(at, 'no cookie'), { address: '203.0.113.66', port: 1000 + at });
  }

  expect(all.dtls.made.filter(({ isClosed }) => !isClosed)).toHaveLength(4);
  shakeHands(all, { random: 99 });

  expect(all.dtlsResults).toEqual(['done']);
});

test('strangers that prove their address are few, and then slowly fewer', () => {
  const all = dtlsRig();
  const attempts = (atUs: number) => {
    for (let at = 0; at < 20; at++) {
      const from = { address: '203.0.113.66', port: 1000 + at };
      shakeHands(all, { from, random: at, certificate: 'MA:LL', atUs });
    }
    return all.dtlsResults.splice(0).length;
  };

  expect(attempts(1000)).toBe(3);
  expect(attempts(1_900_000)).toBe(0);
  expect(attempts(2_100_000)).toBe(1);
});

test('nobody but the peer begins again once its handshake is done', () => {
  const all = dtlsRig();
  shakeHands(all);
  all.caller.take();

  shakeHands(all, { from: STRANGER, random: 2, atUs: 9_000_000 });

  expect(all.caller.sent).toEqual([]);
  expect(all.dtls.made).toHaveLength(1);
  expect(all.drops).toEqual({ source_refused: 1 });
});

test('a new handshake on the same path: old keys until it is done, then both until the first packet under the new', () => {
  const all = dtlsRig();
  const { caller, callee, dtls } = all;
  shakeHands(all);
  const old = sender(dtls.made[0]!.receiveKey);
  const send = (from: ReturnType<typeof sender>, sequence: number) =>
    caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence }))), CALLER, 3_000_000);
  send(old, 1);

  caller.receive(clientHello(2, 'no cookie'), CALLER, 3_000_000);
  caller.receive(clientHello(2), CALLER, 3_000_000);
  send(old, 2);
  caller.take();
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);
  const underOld = taken(caller);
  caller.receive(finished('AL:IC'), CALLER, 3_000_000);
  const fresh = sender(dtls.made[1]!.receiveKey);
  send(old, 3);
  send(fresh, 4);
  send(old, 5);
  caller.take();
  callee.receive(rtpPacket({ sequence: 2 }), CALLEE);
  const underNew = taken(caller);

  expect(callee.sent.map(({ bytes }) => bytes.readUInt16BE(2))).toEqual([1, 2, 3, 4]);
  expect(receiver(dtls.made[0]!.sendKey).unprotectRtp(underOld[0]!)).toBeInstanceOf(Buffer);
  expect(receiver(dtls.made[1]!.sendKey).unprotectRtp(underNew[0]!)).toBeInstanceOf(Buffer);
  expect(dtls.made[0]!.isClosed).toBe(true);
  expect(all.drops).toEqual({ srtp_unauthentic: 1 });
});

test('a new handshake that fails leaves the old keys in use', () => {
  const all = dtlsRig();
  shakeHands(all);

  shakeHands(all, { random: 2, certificate: 'MA:LL', atUs: 3_000_000 });
  all.caller.receive(bytesOf(sender(all.dtls.made[0]!.receiveKey).protectRtp(rtpPacket())), CALLER);

  expect(all.callee.sent).toHaveLength(1);
  expect(all.dtlsResults).toEqual(['done', 'fingerprint_mismatch']);
});

test('a peer that begins again and again is taken once a second', () => {
  const all = dtlsRig();
  shakeHands(all);

  for (let at = 0; at < 30; at++) shakeHands(all, { random: 2 + at, atUs: 100_000 * at });

  expect(all.dtlsResults).toHaveLength(1 + 2);
});

test('what a peer repeats of a handshake that is done begins nothing', () => {
  const all = dtlsRig();
  shakeHands(all);

  all.caller.receive(clientHello(1), CALLER, 9_000_000);
  all.caller.receive(finished('AL:IC'), CALLER, 9_000_000);

  expect(all.dtls.made).toHaveLength(1);
  expect(all.dtls.made[0]!.received).toHaveLength(5);
});

test('a new association that signaling asks for leaves the old keys in use until it is done', () => {
  const all = dtlsRig();
  shakeHands(all);
  const again = dtlsCaller({ dtls: dtlsWith('BE:LA', { association: 2 }), signalingGeneration: 2 }, 2);

  all.session.apply(again);
  all.caller.receive(bytesOf(sender(all.dtls.made[0]!.receiveKey).protectRtp(rtpPacket())), CALLER);
  expect(all.session.toState().sides.caller.branches[0]!.dtls).toMatchObject({ association: 2, keysOf: 1 });
  shakeHands(all, { random: 2, certificate: 'BE:LA' });

  expect(all.callee.sent).toHaveLength(1);
  expect(all.dtls.made[1]!.options.fingerprints[0]!.value).toBe('BE:LA');
  expect(all.session.toState().sides.caller.branches[0]!.dtls).toMatchObject({
    keysOf: 2,
    keys: { receive: { keySalt: all.dtls.made[1]!.receiveKey.toString('base64') } },
  });
});

test('a re-INVITE that changes nothing begins nothing', () => {
  const all = dtlsRig();
  shakeHands(all);

  all.session.apply(dtlsCaller({ signalingGeneration: 2 }, 2));
  all.caller.receive(bytesOf(sender(all.dtls.made[0]!.receiveKey).protectRtp(rtpPacket())), CALLER);

  expect(all.callee.sent).toHaveLength(1);
  expect(all.dtls.made).toHaveLength(1);
});

test('the active end begins when the session says where to, and only once', () => {
  const active = dtlsWith('AL:IC', { role: 'active' });
  const held = { remoteRtp: { address: '0.0.0.0', port: 4000 }, remoteRtcp: { address: '0.0.0.0', port: 4000 } };
  const all = dtlsRig(dtlsCaller({ ...held, dtls: active }));
  expect(all.caller.sent).toEqual([]);

  all.session.apply(dtlsCaller({ dtls: active, signalingGeneration: 2 }, 2));
  all.session.apply(dtlsCaller({ dtls: active, signalingGeneration: 3 }, 3));
  expect(taken(all.caller)).toEqual([clientHello(200, 'no cookie')]);
  all.caller.receive(SERVER_FLIGHT, STRANGER);
  all.caller.receive(SERVER_FLIGHT, CALLER);
  all.caller.receive(finished('AL:IC'), CALLER);

  expect(taken(all.caller)).toEqual([finished('OU:RS')]);
  expect(all.dtlsResults).toEqual(['done']);
  expect(all.drops).toEqual({ source_refused: 1 });
});

test('what is due is sent again, and a handshake that takes too long is given up', () => {
  const all = dtlsRig(dtlsCaller({ dtls: dtlsWith('AL:IC', { role: 'active' }) }));
  const wake = (nowUs: number) => {
    for (const each of all.handshakes) each.wake(nowUs);
  };
  all.caller.take();

  wake(1_100_000);
  expect(all.caller.sent).toEqual([]);
  all.dtls.made[0]!.dueInMs = 0;
  wake(2_000_000);
  expect(all.caller.take().map(({ to }) => to)).toEqual([CALLER]);
  wake(41_000_000);

  expect(all.dtlsResults).toEqual(['timeout']);
  expect(all.dtls.made[0]!.isClosed).toBe(true);
  expect(all.handshakes.size).toBe(0);
});

test('RTP and RTCP on ports of their own have associations of their own', () => {
  const all = dtlsRig(dtlsCaller({ rtcpMux: false, remoteRtcp: RTCP }));
  const { caller, callerRtcp, callee, calleeRtcp, dtls } = all;
  const heard = { ...CALLEE, port: CALLEE.port + 1 };
  shakeHands(all);
  caller.take();

  calleeRtcp.receive(senderReport(5, 1), heard);
  callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);
  expect(caller.sent).toHaveLength(1);
  expect(callerRtcp.sent).toEqual([]);
  shakeHands({ ...all, caller: callerRtcp }, { from: RTCP, random: 3 });
  callerRtcp.take();
  calleeRtcp.receive(senderReport(5, 1), heard);
  callerRtcp.receive(bytesOf(sender(dtls.made[0]!.receiveKey).protectRtcp(senderReport(1, 5))), RTCP);
  callerRtcp.receive(bytesOf(sender(dtls.made[1]!.receiveKey).protectRtcp(senderReport(1, 5))), RTCP);

  const [report] = taken(callerRtcp);
  expect(receiver(dtls.made[1]!.sendKey).unprotectRtcp(report!)).toEqual(senderReport(5, 1));
  expect(calleeRtcp.sent).toHaveLength(1);
  expect(all.drops).toEqual({ dtls_not_ready: 1, srtp_unauthentic: 1 });
});

test('a change from SDES to DTLS opens nothing under the old key before the handshake', () => {
  const sdes = session({ caller: { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1) })] } });
  const all = dtlsRig(sdes);
  const old = sender(Buffer.alloc(30, 1));
  all.caller.receive(bytesOf(old.protectRtp(rtpPacket({ sequence: 1 }))), CALLER);

  all.session.apply(dtlsCaller({ signalingGeneration: 2 }, 2));
  all.caller.receive(bytesOf(old.protectRtp(rtpPacket({ sequence: 2 }))), CALLER);
  all.callee.receive(rtpPacket(), CALLEE);

  expect(all.callee.sent).toHaveLength(1);
  expect(all.caller.sent).toEqual([]);
  expect(all.drops).toEqual({ dtls_not_ready: 2 });
});

test('a change from DTLS to SDES that is taken back finds the association as it was', () => {
  const all = dtlsRig();
  shakeHands(all);
  const from = sender(all.dtls.made[0]!.receiveKey);
  const first = bytesOf(from.protectRtp(rtpPacket({ sequence: 1 })));
  all.caller.receive(first, CALLER);
  const sdes = { sendKey: key(2), branches: [callerBranch({ receiveKey: key(1), signalingGeneration: 2 })] };

  all.session.apply(session({ generation: 2, caller: sdes }));
  all.session.apply(dtlsCaller({ signalingGeneration: 3 }, 3));
  all.caller.receive(first, CALLER);
  all.caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 2 }))), CALLER);

  expect(all.callee.sent).toHaveLength(2);
  expect(all.dtls.made).toHaveLength(1);
  expect(all.drops).toEqual({ srtp_replayed: 1 });
});

test('a node without the addon counts it, and relays nothing in clear instead', () => {
  const all = rig(dtlsCaller());

  all.caller.receive(clientHello(1), CALLER);
  all.caller.receive(rtpPacket(), CALLER);
  all.callee.receive(rtpPacket(), CALLEE);

  expect([...all.caller.sent, ...all.callee.sent]).toEqual([]);
  expect(all.dtlsResults).toEqual(['unavailable']);
  expect(all.drops).toEqual({ dtls_unavailable: 1, dtls_not_ready: 2 });
});

test('DTLS on a leg that agreed on none is no business of ours', () => {
  const all = dtlsRig(session());

  all.callee.receive(finished('AL:IC'), CALLEE);

  expect(all.drops).toEqual({ dtls: 1 });
  expect(all.dtls.made).toEqual([]);
});

test('branches of a fork shake hands apart, and each has its own keys and index space', () => {
  const other = { address: '198.51.100.3', port: 7000 };
  const forked = (activeLeg: typeof CALLEE_LEG, generation: number) =>
    session({
      generation,
      callee: {
        activeLeg,
        branches: [
          calleeBranch({ rtcpMux: true, remoteRtcp: CALLEE, dtls: dtlsWith('AL:IC') }),
          branch(other, { leg: OTHER_LEG, rtcpMux: true, remoteRtcp: other, dtls: dtlsWith('BE:LA') }),
        ],
      },
    });
  const all = dtlsRig(forked(CALLEE_LEG, 1));
  shakeHands({ ...all, caller: all.callee }, { from: other, certificate: 'BE:LA' });
  shakeHands({ ...all, caller: all.callee }, { from: CALLEE, random: 2 });
  all.callee.take();

  all.caller.receive(rtpPacket({ sequence: 5 }), CALLER);
  all.session.apply(forked(OTHER_LEG, 2));
  all.caller.receive(rtpPacket({ sequence: 5 }), CALLER);

  const [toFirst, toOther] = all.callee.take();
  expect([toFirst!.to, toOther!.to]).toEqual([CALLEE, other]);
  expect(receiver(all.dtls.made[1]!.sendKey).unprotectRtp(toFirst!.bytes)).toEqual(rtpPacket({ sequence: 5 }));
  expect(receiver(all.dtls.made[0]!.sendKey).unprotectRtp(toOther!.bytes)).toEqual(rtpPacket({ sequence: 5 }));
});

test('a ClientHello of a branch that has not answered yet is kept for it, and nothing else is', () => {
  const other = { address: '198.51.100.3', port: 7000 };
  const first = calleeBranch();
  const second = branch(other, { leg: OTHER_LEG, rtcpMux: true, remoteRtcp: other, dtls: dtlsWith('BE:LA') });
  const all = dtlsRig(session({ callee: { branches: [first] } }));
  all.callee.receive(clientHello(9), other);
  all.callee.receive(finished('BE:LA'), other);
  expect(all.callee.sent).toEqual([]);

  all.session.apply(session({ generation: 2, callee: { branches: [first, second], activeLeg: OTHER_LEG } }));
  const answered = all.callee.take();
  all.session.apply(session({ generation: 3, callee: { branches: [first, second], activeLeg: OTHER_LEG } }));

  expect(answered).toEqual([{ bytes: SERVER_FLIGHT, to: other }]);
  expect(all.callee.sent).toEqual([]);
});

test('an authentic goodbye is counted, and the keys stay until signaling says otherwise', () => {
  const all = dtlsRig();
  shakeHands(all);

  all.caller.receive(ALERT, CALLER);
  all.caller.receive(bytesOf(sender(all.dtls.made[0]!.receiveKey).protectRtp(rtpPacket())), CALLER);

  expect(all.callee.sent).toHaveLength(1);
  expect(all.dtlsResults).toEqual(['done', 'closed_by_peer']);
});

test('the end of a session says goodbye and closes what was under way', () => {
  const all = dtlsRig();
  shakeHands(all);
  all.caller.receive(clientHello(2), CALLER, 5_000_000);
  all.caller.take();

  all.session.end();

  expect(all.caller.take()).toEqual([{ bytes: ALERT, to: CALLER }]);
  expect(all.dtls.made.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  expect(all.handshakes.size).toBe(0);
});

test('another life goes on under the keys of the handshake, without a new one, and sends under fresh SSRCs', () => {
  const before = dtlsRig(dtlsCaller({ rtcpMux: false, remoteRtcp: RTCP }));
  shakeHands(before);
  shakeHands({ ...before, caller: before.callerRtcp }, { from: RTCP, random: 3 });
  const [rtpKeys, rtcpKeys] = before.dtls.made;
  const from = sender(rtpKeys!.receiveKey);
  const heard = bytesOf(from.protectRtp(rtpPacket({ sequence: 9 })));
  before.caller.receive(heard, CALLER);
  before.callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);

  const dtls = new FakeDtls();
  const after = restored(before.session.toState(), makeParts(dtls));
  after.caller.receive(heard, CALLER);
  after.caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 10 }))), CALLER);
  after.callee.receive(rtpPacket({ ssrc: 5 }), CALLEE);
  after.calleeRtcp.receive(senderReport(5, 1), { ...CALLEE, port: CALLEE.port + 1 });

  expect(dtls.made).toEqual([]);
  expect(after.drops).toEqual({ srtp_replayed: 1 });
  expect(after.callee.sent).toHaveLength(1);
  const rtp = bytesOf(receiver(rtpKeys!.sendKey).unprotectRtp(after.caller.sent[0]!.bytes));
  const rtcp = bytesOf(receiver(rtcpKeys!.sendKey).unprotectRtcp(after.callerRtcp.sent[0]!.bytes));
  expect(rtp.readUInt32BE(8)).not.toBe(5);
  expect(rtcp.readUInt32BE(4)).toBe(rtp.readUInt32BE(8));
  expect(after.session.toState().sides.caller.branches[0]!.dtls).toEqual(
    before.session.toState().sides.caller.branches[0]!.dtls,
  );
});
