import { expect, test } from 'vitest';
import type { BranchState, SessionState } from '../../../../src/call/media/session-state.ts';
import { IcePath } from '../../../../src/call/media/worker/ice-path.ts';
import { readStun } from '../../../../src/protocol/ice/stun-message.ts';
import { check, LOCAL, PEER_UFRAG } from '../../../protocol/ice/checks.ts';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { bytesOf, sender } from '../../../protocol/srtp/keys.ts';
import { clientHello, FakeDtls, finished, HELLO_VERIFY, SERVER_FLIGHT } from './fake-dtls.ts';
import { makeParts } from './parts.ts';
import { restored, rig } from './rig.ts';
import { CALLEE, CALLER, callerBranch, dtlsWith, key, OTHER_LEG, session } from './states.ts';

const AT = { address: '203.0.113.7', port: 50_000 };
const ALSO_AT = { address: '198.51.100.77', port: 50_001 };
const SECOND_US = 1_000_000;
const NOMINATION = check({ nominates: true });

function iceCaller(change: Partial<BranchState> = {}, generation = 1): SessionState {
  const ice = { ufrag: PEER_UFRAG, password: 'theirPasswordIsNotNeeded' };
  const muxed = { rtcpMux: true, remoteRtcp: CALLER };
  return session({ generation, caller: { ice: LOCAL, branches: [callerBranch({ ...muxed, ice, ...change })] } });
}

test('nothing is sent to an ICE peer before its check, not even to where its SDP says', () => {
  const { caller, callee, drops } = rig(iceCaller());

  callee.receive(rtpPacket(), CALLEE);

  expect(caller.sent).toEqual([]);
  expect(drops).toEqual({ no_destination: 1 });
});

test('an authentic check is answered to where it came from, and from then on media goes there', () => {
  const { caller, callee, calleeRtcp } = rig(iceCaller());

  caller.receive(NOMINATION, AT);
  const [answer] = caller.take();
  callee.receive(rtpPacket(), CALLEE);
  calleeRtcp.receive(senderReport(1, 2), { ...CALLEE, port: CALLEE.port + 1 });

  expect(answer!.to).toEqual(AT);
  expect(readStun(answer!.bytes)).toMatchObject({ class: 'success' });
  expect(caller.sent.map(({ to }) => to)).toEqual([AT, AT]);
});

test('a check of somebody who does not know our password moves nothing', () => {
  const { caller, callee, drops } = rig(iceCaller());

  caller.receive(check({ password: 'notThePasswordWeSaid00', nominates: true }), AT);
  caller.receive(check({ username: `${LOCAL.ufrag}:nobody`, nominates: true }), AT);
  caller.receive(Buffer.from([0, 1, 0, 0]), AT);
  caller.take();
  callee.receive(rtpPacket(), CALLEE);

  expect(caller.sent).toEqual([]);
  expect(drops).toEqual({ stun_refused: 3, no_destination: 1 });
});

test('media from where no check came from is refused, from SDP and authentic or not', () => {
  const { caller, callee, drops } = rig(iceCaller({ receiveKey: key(1) }));
  const from = sender(Buffer.alloc(30, 1));

  caller.receive(NOMINATION, AT);
  caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 1 }))), CALLER);
  caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence: 2 }))), AT);

  expect(callee.sent).toHaveLength(1);
  expect(drops).toEqual({ source_refused: 1 });
});

test('a nominated pair is followed, one that is only checked may send and is not sent to', () => {
  const { caller, callee } = rig(iceCaller());
  caller.receive(NOMINATION, AT);

  caller.receive(check(), ALSO_AT);
  caller.receive(rtpPacket({ sequence: 1 }), ALSO_AT);
  caller.take();
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);
  caller.receive(NOMINATION, ALSO_AT);
  callee.receive(rtpPacket({ sequence: 2 }), CALLEE);

  expect(callee.sent).toHaveLength(1);
  expect(caller.sent.filter(({ bytes }) => bytes[0] === 0x80).map(({ to }) => to)).toEqual([AT, ALSO_AT]);
});

test('without a check for thirty seconds nothing is sent there until one comes', () => {
  const { caller, callee, drops } = rig(iceCaller());
  caller.receive(NOMINATION, AT, SECOND_US);
  caller.take();

  callee.receive(rtpPacket({ sequence: 1 }), CALLEE, 30 * SECOND_US);
  callee.receive(rtpPacket({ sequence: 2 }), CALLEE, 31 * SECOND_US);
  caller.receive(check(), AT, 40 * SECOND_US);
  caller.take();
  callee.receive(rtpPacket({ sequence: 3 }), CALLEE, 41 * SECOND_US);

  expect(drops).toEqual({ ice_no_consent: 1 });
  expect(caller.sent.map(({ bytes }) => bytes.readUInt16BE(2))).toEqual([3]);
});

test('RTP and RTCP on ports of their own are checked apart', () => {
  const { caller, callerRtcp, calleeRtcp, drops } = rig(
    iceCaller({ rtcpMux: false, remoteRtcp: { ...CALLER, port: 4001 } }),
  );
  const heard = { ...CALLEE, port: CALLEE.port + 1 };
  caller.receive(NOMINATION, AT);

  calleeRtcp.receive(senderReport(1, 2), heard);
  callerRtcp.receive(NOMINATION, ALSO_AT);
  callerRtcp.take();
  calleeRtcp.receive(senderReport(1, 2), heard);

  expect(drops).toEqual({ no_destination: 1 });
  expect(callerRtcp.sent.map(({ to }) => to)).toEqual([ALSO_AT]);
});

test('branches that share a port are told apart by their checks', () => {
  const first = callerBranch({ ice: { ufrag: 'zero', password: '' }, rtcpMux: true });
  const second = callerBranch({ leg: OTHER_LEG, ice: { ufrag: PEER_UFRAG, password: '' }, rtcpMux: true });
  const forked = session({ caller: { ice: LOCAL, branches: [first, second], activeLeg: OTHER_LEG } });
  const { caller, callee, drops } = rig(forked);

  caller.receive(NOMINATION, AT);
  caller.receive(rtpPacket(), AT);

  expect(callee.sent).toHaveLength(1);
  expect(drops).toEqual({});
});

test('the active end of a handshake begins when the first check says where to', () => {
  const dtls = new FakeDtls();
  const { caller, dtlsResults } = rig(iceCaller({ dtls: dtlsWith('AL:IC', { role: 'active' }) }), makeParts(dtls));
  expect(caller.sent).toEqual([]);

  caller.receive(NOMINATION, AT);

  expect(caller.sent.map(({ to }) => to)).toEqual([AT, AT]);
  expect(dtls.made[0]!.options.cookies).toBe(false);
  expect(dtlsResults).toEqual([]);
});

test('a ClientHello is heard from checked pairs only; one that overtook its check is heard after it', () => {
  const dtls = new FakeDtls();
  const { caller } = rig(iceCaller({ dtls: dtlsWith('AL:IC') }), makeParts(dtls));

  caller.receive(clientHello(1, 'no cookie'), AT);
  expect(dtls.made).toEqual([]);
  caller.receive(NOMINATION, AT);

  expect(caller.sent.at(-1)).toEqual({ bytes: SERVER_FLIGHT, to: AT });
});

test('a handshake follows its peer from one checked pair to another, and to no other place', () => {
  const dtls = new FakeDtls();
  const { caller, dtlsResults, drops } = rig(iceCaller({ dtls: dtlsWith('AL:IC') }), makeParts(dtls));
  caller.receive(NOMINATION, AT);
  caller.receive(clientHello(1, 'no cookie'), AT);

  caller.receive(finished('AL:IC'), { address: '192.0.2.66', port: 1 });
  caller.receive(NOMINATION, ALSO_AT);
  caller.receive(finished('AL:IC'), ALSO_AT);

  expect(dtlsResults).toEqual(['done']);
  expect(caller.sent.at(-1)!.to).toEqual(ALSO_AT);
  expect(drops).toEqual({ source_refused: 1 });
});

test('a handshake that begins beside a finished one has to prove its address, checked path or not', () => {
  const dtls = new FakeDtls();
  const { caller, dtlsResults } = rig(iceCaller({ dtls: dtlsWith('AL:IC') }), makeParts(dtls));
  caller.receive(NOMINATION, AT);
  caller.receive(clientHello(1, 'no cookie'), AT);
  caller.receive(finished('AL:IC'), AT);
  expect(dtlsResults).toEqual(['done']);

  caller.receive(clientHello(2, 'no cookie'), AT);

  expect(dtls.made.map(({ options }) => options.cookies)).toEqual([false, true]);
  expect(caller.sent.at(-1)).toEqual({ bytes: HELLO_VERIFY, to: AT });
});

test('connectivity checks on a leg that agreed on none are no business of ours', () => {
  const { caller, drops } = rig(session());

  caller.receive(NOMINATION, CALLER);

  expect(caller.sent).toEqual([]);
  expect(drops).toEqual({ stun: 1 });
});

test('the same signaling again keeps the pair, new credentials of ours are asked for at once', () => {
  const { session: running, caller, callee, drops } = rig(iceCaller());
  caller.receive(NOMINATION, AT);
  caller.take();

  running.apply(iceCaller({ signalingGeneration: 2 }, 2));
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);
  const state = iceCaller({ signalingGeneration: 3 }, 3);
  const caller2 = { ...state.sides.caller, ice: { ufrag: 'nEwS', password: 'anotherPasswordOfOurs0' } };
  running.apply({ ...state, sides: { ...state.sides, caller: caller2 } });
  caller.receive(NOMINATION, ALSO_AT);
  callee.receive(rtpPacket({ sequence: 2 }), CALLEE);

  expect(caller.sent.filter(({ bytes }) => bytes[0] === 0x80).map(({ to }) => to)).toEqual([AT, AT]);
  expect(drops).toEqual({ stun_refused: 1 });
});

test('another life knows where the peer is, and that it must prove it again', () => {
  const before = rig(iceCaller());
  before.caller.receive(NOMINATION, AT, before.clock.monoUs());
  const state = before.session.toState();

  const after = restored(state);
  const nowUs = after.clock.monoUs();
  after.callee.receive(rtpPacket({ sequence: 1 }), CALLEE, nowUs + 29 * SECOND_US);
  after.callee.receive(rtpPacket({ sequence: 2 }), CALLEE, nowUs + 30 * SECOND_US);

  expect(state.sides.caller.branches[0]!.latchedRtp).toEqual(AT);
  expect(after.caller.sent.map(({ to }) => to)).toEqual([AT]);
  expect(after.drops).toEqual({ ice_no_consent: 1 });
});

test('a peer may check from many places, and only the newest are remembered', () => {
  const path = new IcePath(null, 0);
  path.noteCheck('192.0.2.1', 1, true, 0);
  for (let port = 2; port < 100; port++) path.noteCheck('192.0.2.1', port, false, 0);

  expect(path.isChecked('192.0.2.1', 1, 1)).toBe(true);
  expect(path.isChecked('192.0.2.1', 99, 1)).toBe(true);
  expect(path.isChecked('192.0.2.1', 50, 1)).toBe(false);
  expect(path.whereTo(1)).toEqual({ address: '192.0.2.1', port: 1 });
});
