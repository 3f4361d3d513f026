import { expect, test } from 'vitest';
import { audio, CALL, crypto, keysIn, Rig } from './rig.ts';

const OFFER = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });
const ANSWER = audio({ address: '10.0.0.7', port: 7000, proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });

test('a callee’s re-offer brings its new address, payloads and key once it is answered, and not before', () => {
  const rig = confirmedRig();
  const moved = audio({ address: '10.0.0.8', port: 7100, proto: 'RTP/SAVP', formats: '8', lines: [crypto(5, 'E')] });

  const offered = rig.offered('callee', 't2', moved, 'b1');
  expect(rig.ports.applied).toHaveLength(1);
  const answered = rig.answered('caller', 't2', 'b1', OFFER);

  expect(offered).toContain('m=audio 40002 RTP/SAVP 8\r\nc=IN IP4 198.51.100.1\r\n');
  expect(keysIn(offered)).toEqual([rig.ports.last.sides.caller.sendKey?.keySalt]);
  expect(answered).toContain(
    `a=crypto:5 AES_CM_128_HMAC_SHA1_80 inline:${rig.ports.last.sides.callee.sendKey?.keySalt}`,
  );
  const branch = rig.ports.last.sides.callee.branches[0];
  expect(branch?.remoteRtp).toEqual({ address: '10.0.0.8', port: 7100 });
  expect(branch?.receiveKey?.keySalt).toBe('E'.repeat(40));
  expect(branch?.signalingGeneration).toBe(2);
  expect(rig.ports.last.sides.caller.branches[0]?.signalingGeneration).toBe(1);
  expect(rig.ports.last.generation).toBe(2);
  expect(rig.ports.last.sides.caller.sendKey).toEqual(rig.ports.applied[0]?.sides.caller.sendKey);
});

test('a re-offer with the same key and address keeps them, whatever else it changes', () => {
  const rig = confirmedRig();

  rig.offered('caller', 't2', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C'), 'a=recvonly'] }), 'b1');
  rig.answered('callee', 't2', 'b1', ANSWER);

  const [before, after] = rig.ports.applied.map((state) => state.sides.caller);
  expect(after?.branches[0]?.direction).toBe('recvonly');
  expect({ ...after?.branches[0], direction: 'sendrecv' }).toEqual(before?.branches[0]);
  expect(after?.sendKey).toEqual(before?.sendKey);
});

test('a refused re-offer leaves the session as it was', () => {
  const rig = confirmedRig();

  rig.offered('callee', 't2', audio({ port: 9900, proto: 'RTP/SAVP', lines: [crypto(1, 'E')] }), 'b1');
  rig.refuse('t2');

  expect(rig.ports.applied).toHaveLength(1);
  expect(rig.ports.ended).toEqual([]);
  expect(rig.answer('caller', 't2', 'b1', OFFER)).toEqual({ kind: 'untouched', reason: 'no_offer' });
});

test('a re-offer refused after a provisional answer goes back to what was agreed before, and may latch again', () => {
  const rig = confirmedRig();
  const before = rig.ports.last;
  rig.offered('callee', 't2', audio({ port: 9900, proto: 'RTP/SAVP', lines: [crypto(1, 'E')] }), 'b1');
  rig.answered('caller', 't2', 'b1', OFFER);
  expect(rig.ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(9900);

  rig.refuse('t2');

  const branch = rig.ports.last.sides.callee.branches[0];
  expect(branch).toEqual({ ...before.sides.callee.branches[0], signalingGeneration: 3 });
  expect(rig.ports.last.sides.callee.sendKey).toEqual(before.sides.callee.sendKey);
  expect(rig.ports.last.generation).toBe(3);
});

test('a refusal after the 2xx of that transaction takes nothing back', () => {
  const rig = confirmedRig();

  rig.refuse('t1');

  expect(rig.ports.ended).toEqual([]);
  expect(rig.ports.applied).toHaveLength(1);
});

test.each([['a=sendonly'], ['a=inactive']])('hold (%s) passes untouched and is what the session says', (direction) => {
  const rig = confirmedRig();
  const hold = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C'), direction] });

  const offered = rig.offered('caller', 't2', hold, 'b1');
  rig.answered('callee', 't2', 'b1', ANSWER.replace('a=crypto', 'a=recvonly\r\na=crypto'));

  expect(offered).toContain(`\r\n${direction}\r\n`);
  expect(rig.ports.last.sides.caller.branches[0]?.direction).toBe(direction.slice(2));
  expect(rig.ports.last.sides.callee.branches[0]?.direction).toBe('recvonly');
});

test('hold by c=0.0.0.0 sends to no one, and coming back restores the address', () => {
  const rig = confirmedRig();
  const hold = audio({ address: '0.0.0.0', proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });

  const offered = rig.offered('caller', 't2', hold, 'b1');
  rig.answered('callee', 't2', 'b1', ANSWER);
  const held = rig.ports.last.sides.caller.branches[0];
  rig.offered('caller', 't3', OFFER, 'b1');
  rig.answered('callee', 't3', 'b1', ANSWER);

  expect(offered).toContain('c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 40004 RTP/SAVP 0 8\r\nc=IN IP4 10.9.9.9\r\n');
  expect(held?.remoteRtp.address).toBe('0.0.0.0');
  expect(rig.ports.last.sides.caller.branches[0]?.remoteRtp.address).toBe('203.0.113.5');
});

test('a line closed by a re-offer goes idle, and opens again on the same port and keys', () => {
  const rig = confirmedRig();
  const sendKeys = [rig.ports.last.sides.caller.sendKey, rig.ports.last.sides.callee.sendKey];
  const stream = rig.anchor.describe(CALL).legs[0]?.stream?.stream;

  const closed = rig.offered('caller', 't2', audio({ port: 0, proto: 'RTP/SAVP' }), 'b1');
  rig.answered('callee', 't2', 'b1', audio({ port: 0, proto: 'RTP/SAVP' }));
  const idle = rig.ports.last;
  const idleFacts = rig.anchor.describe(CALL);
  const opened = rig.offered('caller', 't3', OFFER, 'b1');
  rig.answered('callee', 't3', 'b1', ANSWER);

  expect(closed).toBe(audio({ port: 0, proto: 'RTP/SAVP' }));
  expect([idle.sides.caller.activeLeg, idle.sides.callee.activeLeg]).toEqual([null, null]);
  expect(idle.sides.callee.branches[0]).toMatchObject({ remoteRtp: { port: 0 }, direction: 'inactive' });
  expect(idleFacts.legs.map((leg) => leg.stream?.active)).toEqual([false, false]);
  expect(opened).toContain('m=audio 40004 ');
  expect([rig.ports.last.sides.caller.sendKey, rig.ports.last.sides.callee.sendKey]).toEqual(sendKeys);
  expect(rig.anchor.describe(CALL).legs[0]?.stream).toMatchObject({ stream, active: true });
});

test('a line rejected by the answer stays rejected, and nothing is relayed', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  const rejected = audio({ port: 0, proto: 'RTP/SAVP' });

  const answered = rig.answered('callee', 't1', 'b1', rejected);
  const withKey = rig.answered('callee', 't1', 'b2', audio({ port: 0, proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));

  expect([answered, withKey]).toEqual([rejected, rejected]);
  expect(rig.ports.applied).toEqual([]);
});

test('a line turned into fax is none of ours while it is fax, and is anchored again when it is audio again', () => {
  const rig = confirmedRig();
  const fax = 'v=0\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nm=image 7200 udptl t38\r\n';

  expect(rig.offer('callee', 't2', fax, 'b1')).toEqual({ kind: 'untouched', reason: 'released' });
  expect(rig.answer('caller', 't2', 'b1', fax)).toEqual({ kind: 'untouched', reason: 'released' });
  expect(rig.ports.last.sides.callee.activeLeg).toBeNull();
  rig.offered('callee', 't3', ANSWER, 'b1');
  rig.answered('caller', 't3', 'b1', OFFER);

  expect(rig.ports.last.sides.callee.activeLeg).not.toBeNull();
});

test('what cannot be opened in a call already anchored is refused, and the session goes on', () => {
  const rig = confirmedRig();

  const offered = rig.offer('callee', 't2', audio({ proto: 'UDP/TLS/RTP/SAVP' }), 'b1');

  expect(offered).toMatchObject({ kind: 'reject', status: 488, reason: 'no_fingerprint' });
  expect([rig.ports.applied.length, rig.ports.ended.length]).toEqual([1, 0]);
});

test('an older answer heard again, after a later exchange, leaves the same and changes nothing', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  const first = rig.answered('callee', 't1', 'b1', ANSWER);
  rig.confirm('t1', 'b1');
  rig.offered('callee', 't2', audio({ port: 9900, proto: 'RTP/SAVP', lines: [crypto(1, 'E')] }), 'b1');
  rig.answered('caller', 't2', 'b1', OFFER);
  const applied = rig.ports.applied.length;

  const again = rig.answered('callee', 't1', 'b1', ANSWER);
  rig.confirm('t1', 'b1');

  expect(again).toBe(first);
  expect(rig.ports.applied).toHaveLength(applied);
});

test('an offer in the response and its answer in the acknowledgement are anchored the same way', () => {
  const rig = new Rig();

  const offered = rig.offered('callee', 't1', ANSWER, 'b1');
  rig.confirm('t1', 'b1');
  expect(rig.ports.applied).toEqual([]);
  const answered = rig.answered('caller', 't1', 'b1', OFFER);

  expect(offered).toContain('m=audio 40002 RTP/SAVP');
  expect(answered).toContain('m=audio 40004 RTP/SAVP');
  expect(rig.ports.last.sides.callee.activeLeg).toBe(rig.ports.last.sides.callee.branches[0]?.leg);
});

test('an offer in a 2xx that its acknowledgement left unanswered is taken back, and an answered one is not', () => {
  const rig = confirmedRig();
  for (let index = 0; index < 20; index += 1) {
    expect(rig.offer('callee', `u${index}`, ANSWER, 'b1').kind).toBe('edit');
    rig.confirm(`u${index}`, 'b1');
    rig.refuse(`u${index}`);
  }
  rig.offered('callee', 'v1', ANSWER.replace('7000', '7002'), 'b1');
  rig.confirm('v1', 'b1');
  rig.answered('caller', 'v1', 'b1', OFFER);

  rig.refuse('v1');

  expect(rig.answer('caller', 'u0', 'b1', OFFER)).toEqual({ kind: 'untouched', reason: 'no_offer' });
  expect(rig.ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(7002);
});

test('offers that nobody answers have a limit, and it does not stop the call', () => {
  const rig = confirmedRig();
  const results = Array.from({ length: 20 }, (_, index) => rig.offer('caller', `u${index}`, OFFER, 'b1'));

  expect(results.at(-1)).toMatchObject({ kind: 'reject', status: 491, reason: 'too_many_offers' });
  for (let index = 0; index < 20; index += 1) rig.refuse(`u${index}`);
  expect(rig.offer('caller', 'v1', OFFER, 'b1').kind).toBe('edit');
});

test('a hundred session refreshes leave nothing behind', () => {
  const rig = confirmedRig();

  for (let index = 0; index < 100; index += 1) {
    rig.offered('caller', `u${index}`, OFFER, 'b1');
    rig.answered('callee', `u${index}`, 'b1', ANSWER);
    rig.confirm(`u${index}`, 'b1');
  }

  expect(rig.ports.applied).toHaveLength(1);
});

function confirmedRig(): Rig {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', ANSWER);
  rig.confirm('t1', 'b1');
  return rig;
}
