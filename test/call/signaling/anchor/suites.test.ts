import { expect, test } from 'vitest';
import type { LegPolicy, SrtpSuite } from '../../../../src/model/leg-policy.ts';
import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { keySaltBytes } from '../../../../src/protocol/srtp/suite.ts';
import { audio, cryptosIn, keysIn, Rig, suiteCrypto } from './rig.ts';

const GCM256 = 'AEAD_AES_256_GCM';
const GCM128 = 'AEAD_AES_128_GCM';
const CM256 = 'AES_256_CM_HMAC_SHA1_80';
const CM128 = 'AES_CM_128_HMAC_SHA1_80';
const ALL = [GCM256, GCM128, CM256, CM128] as const;

function rigOf(caller: Partial<LegPolicy>, callee: Partial<LegPolicy> = caller): Rig {
  const media = { caller: legPolicy('sdes', caller), callee: legPolicy('sdes', callee) };
  return new Rig({ tenant: { media } });
}

function secure(...lines: readonly string[]): string {
  return audio({ proto: 'RTP/SAVP', lines });
}

test('we offer every suite of the policy, best first, each with its own tag and its own key of the right length', () => {
  const rig = rigOf({ suites: ALL });

  const offered = rig.offered('caller', 't1', secure(suiteCrypto(3, CM128, 1)));

  const lines = cryptosIn(offered);
  expect(lines.map(({ tag, suite }) => [tag, suite])).toEqual(ALL.map((suite, index) => [index + 1, suite]));
  expect(new Set(keysIn(offered)).size).toBe(4);
  for (const { suite, key } of lines) expect(Buffer.from(key, 'base64')).toHaveLength(keySaltBytes(suite as SrtpSuite));
});

test('of the suites offered to us the best by our order is taken, and its tag echoed on the one line we answer', () => {
  const rig = rigOf({ suites: ALL }, { suites: [CM128] });
  const offer = secure(suiteCrypto(1, CM128, 1), suiteCrypto(7, GCM128, 2), suiteCrypto(9, CM256, 3));

  rig.offered('caller', 't1', offer);
  const answered = rig.answered('callee', 't1', 'b1', secure(suiteCrypto(1, CM128, 4)));

  expect(cryptosIn(answered).map(({ tag, suite }) => [tag, suite])).toEqual([[7, GCM128]]);
  const { caller } = rig.ports.last.sides;
  expect(caller.branches[0]?.receiveKey?.suite).toBe(GCM128);
  expect(caller.sendKey).toEqual({ suite: GCM128, keySalt: keysIn(answered)[0] });
});

test('the answerer’s choice of our lines is the key we send with, and a repetition of the offer shows all of them again', () => {
  const rig = rigOf({ suites: ALL });
  const offer = secure(suiteCrypto(1, CM128, 1));
  const answer = secure(suiteCrypto(3, CM256, 2));
  const first = rig.offered('caller', 't1', offer);

  rig.answered('callee', 't1', 'b1', answer);
  rig.confirm('t1', 'b1');
  const second = rig.offered('caller', 't2', offer, 'b1');

  expect(rig.ports.last.sides.callee.sendKey).toEqual({ suite: CM256, keySalt: keysIn(first)[2] });
  expect(second).toBe(first);
});

test('two answerers of a fork may take different suites, and each is sent to under its own', () => {
  const rig = rigOf({ suites: ALL });
  const offered = rig.offered('caller', 't1', secure(suiteCrypto(1, CM128, 1)));

  rig.answered('callee', 't1', 'b1', secure(suiteCrypto(1, GCM256, 2)));
  const first = rig.ports.last.sides.callee.sendKey;
  rig.answered('callee', 't1', 'b2', secure(suiteCrypto(4, CM128, 3)));
  const second = rig.ports.last.sides.callee.sendKey;
  rig.confirm('t1', 'b1');

  expect([first?.keySalt, second?.keySalt]).toEqual([keysIn(offered)[0], keysIn(offered)[3]]);
  expect(rig.ports.last.sides.callee.sendKey).toEqual(first);
});

test.each([
  ['a tag nobody offered', suiteCrypto(1, CM128, 2)],
  ['the tag with another suite', suiteCrypto(1, GCM128, 2)],
  ['the suite with another tag', suiteCrypto(7, CM256, 2)],
])('an answer that names %s closes the line', (_what, line) => {
  const rig = rigOf({ suites: [CM128, CM256] }, { suites: [CM256] });
  rig.offered('caller', 't1', secure(suiteCrypto(1, CM128, 1)));

  const answered = rig.answered('callee', 't1', 'b1', secure(line));

  expect(answered).toContain('m=audio 0 RTP/SAVP');
  expect(keysIn(answered)).toEqual([]);
  expect(rig.closedLines('crypto_mismatch')).toBe(1);
  expect(rig.ports.applied).toEqual([]);
});

test('a suite that the policy does not name is refused, not passed on', () => {
  const rig = rigOf({ suites: [GCM256] });

  expect(rig.offer('caller', 't1', secure(suiteCrypto(1, CM128, 1)))).toMatchObject({
    kind: 'reject',
    status: 488,
    reason: 'suite_refused',
  });
  expect(rig.ports.ready).toBe(2);
});

test('a lifetime is said where the policy says so, in offers and answers, and known to the workers', () => {
  const rig = rigOf({ suites: [CM128], lifetime: true }, { suites: [CM128] });

  const offered = rig.offered('caller', 't1', secure(`${suiteCrypto(1, CM128, 1)}|2^20`));
  const answered = rig.answered('callee', 't1', 'b1', secure(suiteCrypto(1, CM128, 2)));

  expect(offered).not.toContain('|2^31');
  expect(answered).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\S{40}\|2\^31\r$/m);
  const { caller } = rig.ports.last.sides;
  expect([caller.sendKey?.lifetimePackets, caller.branches[0]?.receiveKey?.lifetimePackets]).toEqual([
    2 ** 31,
    2 ** 20,
  ]);
});

test('the identifier that a peer gives its key is kept, and ours have none', () => {
  const rig = rigOf({ suites: [CM128] });

  rig.offered('caller', 't1', secure(`${suiteCrypto(1, CM128, 1)}|5:4`));
  const answered = rig.answered('callee', 't1', 'b1', secure(suiteCrypto(1, CM128, 2)));

  expect(rig.ports.last.sides.caller.branches[0]?.receiveKey?.mki).toBe('00000005');
  expect(answered).not.toContain('|');
});

test('a floor of 256 bits offers and takes only such suites, and refuses an offer below it', () => {
  const rig = rigOf({ suites: ALL, floor: 'srtp-256' });
  const below = rig.offer('caller', 't1', secure(suiteCrypto(1, CM128, 1), suiteCrypto(2, GCM128, 1)));

  const offered = rig.offered('caller', 't2', secure(suiteCrypto(1, CM128, 1), suiteCrypto(2, CM256, 2)));

  expect(below).toMatchObject({ kind: 'reject', status: 488, reason: 'floor' });
  expect(cryptosIn(offered).map(({ suite }) => suite)).toEqual([GCM256, CM256]);
});

test('a peer that moved to another address gets a new key of ours; one on hold, or back from it, keeps the one it had', () => {
  const rig = rigOf({ suites: [CM128] });
  const answer = secure(suiteCrypto(1, CM128, 2));
  const keyAfter = (transaction: string, place: { readonly address?: string; readonly port?: number }): string => {
    const offer = audio({ proto: 'RTP/SAVP', lines: [suiteCrypto(1, CM128, 1)], ...place });
    rig.offered('caller', transaction, offer, transaction === 't1' ? '' : 'b1');
    const [key = ''] = keysIn(rig.answered('callee', transaction, 'b1', answer));
    rig.confirm(transaction, 'b1');
    return key;
  };

  const first = keyAfter('t1', {});
  const onHold = keyAfter('t2', { address: '0.0.0.0' });
  const back = keyAfter('t3', {});
  const moved = keyAfter('t4', { port: 5010 });

  expect([onHold, back]).toEqual([first, first]);
  expect(moved).not.toBe(first);
  expect(rig.ports.last.sides.caller.sendKey?.keySalt).toBe(moved);
});
