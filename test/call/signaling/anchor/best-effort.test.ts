import { expect, test } from 'vitest';
import type { LegPolicy } from '../../../../src/model/leg-policy.ts';
import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { audio, CALL, crypto, fingerprint, keyOf, keysIn, ONE_SUITE, Rig } from './rig.ts';

const PLAIN = audio({});
const KEYED = audio({ lines: [crypto(5, 'C')] });
const OSRTP = legPolicy('osrtp', ONE_SUITE);
const RTP = legPolicy('rtp');

function rigOf(caller: LegPolicy, callee: LegPolicy, dtls = true): Rig {
  return new Rig({ dtls, tenant: { media: { caller, callee } } });
}

test('a best-effort leg is offered RTP/AVP with our keys and certificate, and an answer with a key is secure', () => {
  const rig = rigOf(RTP, OSRTP);

  const offered = rig.offered('caller', 't1', PLAIN);
  const answered = rig.answered('callee', 't1', 'b1', audio({ lines: [crypto(1, 'D')] }));

  expect(offered).toContain('m=audio 40004 RTP/AVP 0 8');
  expect(offered).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\S{40}\r$/m);
  expect(offered).toContain('a=setup:actpass\r\na=fingerprint:sha-256 E5');
  expect(keysIn(answered)).toEqual([]);
  const { callee } = rig.ports.last.sides;
  expect(callee.branches[0]?.receiveKey?.keySalt).toBe(keyOf('D'));
  expect(callee.sendKey?.keySalt).toBe(keysIn(offered)[0]);
});

test('a best-effort answer may take the handshake instead, or neither', () => {
  const handshake = rigOf(RTP, OSRTP);
  const plain = rigOf(RTP, OSRTP);
  for (const rig of [handshake, plain]) rig.offered('caller', 't1', PLAIN);

  handshake.answered('callee', 't1', 'b1', audio({ lines: ['a=setup:active', fingerprint('CD')] }));
  plain.answered('callee', 't1', 'b1', PLAIN);

  expect(handshake.ports.last.sides.callee.branches[0]?.dtls?.role).toBe('passive');
  expect(handshake.ports.last.sides.callee.sendKey).toBeNull();
  const branch = plain.ports.last.sides.callee.branches[0];
  expect([branch?.dtls, branch?.receiveKey, plain.ports.last.sides.callee.sendKey]).toEqual([null, null, null]);
  expect(plain.anchor.describe(CALL).legs[1]?.stream?.secure).toBe(false);
});

test('a best-effort answer that names what we did not offer is refused, not taken for plain', () => {
  const rig = rigOf(RTP, OSRTP);
  rig.offered('caller', 't1', PLAIN);

  const answered = rig.answered('callee', 't1', 'b1', audio({ lines: [crypto(2, 'D')] }));

  expect(answered).toContain('m=audio 0 RTP/AVP');
  expect(rig.closedLines('crypto_mismatch')).toBe(1);
});

test('a best-effort offer is taken: RTP/AVP with our key under its tag, and offered on as it came', () => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', KEYED);
  const answered = rig.answered('callee', 't1', 'b1', PLAIN);

  expect(keysIn(offered)).toHaveLength(1);
  expect(answered).toMatch(/m=audio 40002 RTP\/AVP 0 8\r\n.*\r\na=crypto:5 AES_CM_128_HMAC_SHA1_80 inline:\S{40}\r\n/);
  expect(rig.ports.last.sides.caller.branches[0]?.receiveKey?.keySalt).toBe(keyOf('C'));
  expect(rig.ports.last.sides.callee.sendKey).toBeNull();
});

test('a best-effort offer to a leg that is plain by policy, or with keys we do not speak, is plain RTP', () => {
  const plain = rigOf(RTP, RTP);
  const strange = rigOf(OSRTP, RTP);

  plain.offered('caller', 't1', KEYED);
  const toPlain = plain.answered('callee', 't1', 'b1', PLAIN);
  strange.offered('caller', 't1', audio({ lines: ['a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA'] }));
  const toStrange = strange.answered('callee', 't1', 'b1', PLAIN);

  expect([...keysIn(toPlain), ...keysIn(toStrange)]).toEqual([]);
  expect(plain.ports.last.sides.caller.sendKey).toBeNull();
  expect(strange.ports.last.sides.caller.sendKey).toBeNull();
});

test('a leg that must be keyed by SAVP refuses best effort, and one whose floor is SRTP refuses plain', () => {
  const floored = legPolicy('osrtp', { ...ONE_SUITE, floor: 'srtp' });

  expect(rigOf(legPolicy('sdes'), RTP).offer('caller', 't1', KEYED)).toMatchObject({ reason: 'profile_refused' });
  expect(rigOf(floored, RTP).offer('caller', 't1', PLAIN)).toMatchObject({ status: 488, reason: 'floor' });
  expect(rigOf(floored, RTP).offer('caller', 't1', KEYED).kind).toBe('edit');
});

test('below the floor nothing is agreed: a plain best-effort answer closes the line', () => {
  const rig = rigOf(RTP, legPolicy('osrtp', { ...ONE_SUITE, floor: 'srtp' }));
  rig.offered('caller', 't1', PLAIN);

  const answered = rig.answered('callee', 't1', 'b1', PLAIN);

  expect(answered).toContain('m=audio 0 RTP/AVP');
  expect(rig.closedLines('floor')).toBe(1);
  expect(rig.ports.applied).toEqual([]);
});

test('a callee as offered whose floor is SRTP is offered SRTP by a plain caller; one that is plain by policy is refused', () => {
  const floor = { ...ONE_SUITE, floor: 'srtp' } as const;
  const raised = rigOf(legPolicy('as-offered', ONE_SUITE), legPolicy('as-offered', floor));
  const impossible = rigOf(legPolicy('as-offered', ONE_SUITE), legPolicy('rtp', floor));

  const offered = raised.offered('caller', 't1', PLAIN);
  const answered = raised.answered('callee', 't1', 'b1', PLAIN);

  expect(offered).toContain('m=audio 40004 RTP/SAVP');
  expect(answered).toContain('m=audio 0 RTP/AVP');
  expect(impossible.offer('caller', 't1', PLAIN)).toMatchObject({ status: 488, reason: 'floor' });
});

test('a best-effort leg that became secure is not made plain by the other side', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', KEYED);
  const first = rig.answered('callee', 't1', 'b1', audio({ lines: [crypto(1, 'D')] }));
  rig.confirm('t1', 'b1');

  const offered = rig.offered('callee', 't2', PLAIN, 'b1');
  const answered = rig.answered('caller', 't2', 'b1', audio({ lines: [crypto(1, 'C')] }));

  expect(keysIn(offered)).toEqual(keysIn(first));
  expect(keysIn(answered)).toEqual([]);
  expect(rig.ports.last.sides.caller.sendKey?.keySalt).toBe(keysIn(first)[0]);
});
