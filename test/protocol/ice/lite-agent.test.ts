import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { IceLiteAgent, type IceVerdict } from '../../../src/protocol/ice/lite-agent.ts';
import { readMappedAddress } from '../../../src/protocol/ice/mapped-address.ts';
import { checkFingerprint, findIntegrity, isIntact, shortTermKey } from '../../../src/protocol/ice/stun-integrity.ts';
import { findAttribute, readStun, STUN_ATTRIBUTE, type StunMessage } from '../../../src/protocol/ice/stun-message.ts';
import { check, FROM, LOCAL, PEER_UFRAG, TRANSACTION_ID } from './checks.ts';
import { SECTION_2_1_REQUEST } from '../../vectors/stun/rfc5769.ts';

let agent: IceLiteAgent;

beforeEach(() => {
  agent = new IceLiteAgent(LOCAL);
  agent.usePeers(['other', PEER_UFRAG]);
});

test('an authentic check is answered with where it came from, under our password', () => {
  const verdict = agent.receive(check(), FROM);

  expect(verdict).toMatchObject({ kind: 'checked', peerUfrag: PEER_UFRAG, nominated: false });
  const reply = readReply(verdict);
  expect(reply).toMatchObject({ class: 'success', method: 1 });
  expect(reply.transactionId).toEqual(TRANSACTION_ID);
  expect(readMappedAddress(findAttribute(reply, STUN_ATTRIBUTE.xorMappedAddress)!.value, TRANSACTION_ID)).toEqual({
    address: Buffer.from([192, 0, 2, 9]),
    port: FROM.port,
  });
  expect(isOurs(reply)).toBe(true);
});

test('IPv6 sources are said as IPv6, and IPv4 in IPv6 as IPv4', () => {
  const mapped = (address: string): Buffer =>
    findAttribute(readReply(agent.receive(check(), { address, port: 9 })), STUN_ATTRIBUTE.xorMappedAddress)!.value;

  expect(readMappedAddress(mapped('2001:db8::7'), TRANSACTION_ID)?.address).toHaveLength(16);
  expect(readMappedAddress(mapped('::ffff:192.0.2.9'), TRANSACTION_ID)?.address).toEqual(Buffer.from([192, 0, 2, 9]));
});

test('USE-CANDIDATE nominates, and each branch of a fork is told by its ufrag', () => {
  expect(agent.receive(check({ nominates: true }), FROM)).toMatchObject({ kind: 'checked', nominated: true });
  expect(agent.receive(check({ username: 'oUrS:other' }), FROM)).toMatchObject({ kind: 'checked', peerUfrag: 'other' });
});

test('a request that shows no credentials gets 400, one with wrong ones 401, and neither is vouched for', () => {
  const cases: [Buffer, number, string][] = [
    [check({ password: null }), 400, 'no_credentials'],
    [check({ username: null }), 400, 'no_credentials'],
    [check({ username: 'else:tHeY' }), 401, 'wrong_username'],
    [check({ username: 'oUrS' }), 401, 'wrong_username'],
    [check({ username: 'oUrSx:tHeY' }), 401, 'wrong_username'],
    [check({ username: '' }), 401, 'wrong_username'],
    [check({ password: 'aPasswordOfOurSide0001' }), 401, 'wrong_integrity'],
    [check({ password: '' }), 401, 'wrong_integrity'],
  ];

  for (const [datagram, code, reason] of cases) {
    const verdict = agent.receive(datagram, FROM);

    expect(verdict).toMatchObject({ kind: 'refused', reason });
    const reply = readReply(verdict);
    expect(codeOf(reply)).toBe(code);
    expect(findIntegrity(reply)).toBeUndefined();
    expect(checkFingerprint(reply)).toBe('right');
  }
});

test('what a stranger sends is never answered with more bytes than it sent', () => {
  const bare = Buffer.from('00010008' + '2112a442' + TRANSACTION_ID.toString('hex') + '80280004' + '00000000', 'hex');
  const fields = fc.record({
    username: fc.option(fc.string({ maxLength: 40 }), { nil: null }),
    password: fc.constantFrom(null, 'wrong'),
  });

  expect(agent.receive(bare, FROM)).toMatchObject({ kind: 'refused', reply: undefined });
  fc.assert(
    fc.property(fields, (wrong) => {
      const datagram = check(wrong);
      const verdict = agent.receive(datagram, FROM);

      expect(verdict.kind).toBe('refused');
      expect(verdict.reply?.length ?? 0).toBeLessThanOrEqual(datagram.length);
    }),
  );
});

test('without a right fingerprint nothing is said at all', () => {
  const wrong = check();
  wrong[wrong.length - 1]! ^= 1;
  const without = check().subarray(0, -8);
  without.writeUInt16BE(without.length - 20, 2);

  expect(agent.receive(wrong, FROM)).toEqual({ kind: 'refused', reply: undefined, reason: 'wrong_fingerprint' });
  expect(agent.receive(Buffer.from(without), FROM)).toEqual({
    kind: 'refused',
    reply: undefined,
    reason: 'no_fingerprint',
  });
});

test('a peer that no answer has named yet hears nothing until it is named', () => {
  const early = new IceLiteAgent(LOCAL);

  expect(early.receive(check(), FROM)).toEqual({ kind: 'refused', reply: undefined, reason: 'unknown_peer' });
  early.usePeers([PEER_UFRAG]);
  expect(early.receive(check(), FROM)).toMatchObject({ kind: 'checked' });
});

test('a peer that is no longer named is no longer heard', () => {
  agent.usePeers(['new']);

  expect(agent.receive(check(), FROM)).toMatchObject({ reason: 'unknown_peer' });
});

test('what must be understood and is not gets 420 with its types', () => {
  const more = [
    { type: 0x1e, value: Buffer.alloc(32) },
    { type: 0x7000, value: Buffer.alloc(1) },
    { type: 0x7000, value: Buffer.alloc(2) },
  ];

  const verdict = agent.receive(check({ more, nominates: true }), FROM);

  expect(verdict).toMatchObject({ kind: 'refused', reason: 'unknown_attribute' });
  const reply = readReply(verdict);
  expect(codeOf(reply)).toBe(420);
  expect(findAttribute(reply, STUN_ATTRIBUTE.unknownAttributes)?.value.toString('hex')).toBe('001e7000');
  expect(isOurs(reply)).toBe(true);
});

test('what need not be understood is passed over', () => {
  const more = [
    { type: STUN_ATTRIBUTE.software, value: Buffer.from('some agent') },
    { type: 0xc057, value: Buffer.from([0, 1, 0, 10]) },
    { type: STUN_ATTRIBUTE.realm, value: Buffer.from('x') },
  ];

  expect(agent.receive(check({ more }), FROM)).toMatchObject({ kind: 'checked' });
});

test('a peer that believes itself controlled is told of the conflict, and does not become ours', () => {
  const verdict = agent.receive(check({ role: 'controlled', nominates: true }), FROM);

  expect(verdict).toMatchObject({ kind: 'refused', reason: 'role_conflict' });
  expect(codeOf(readReply(verdict))).toBe(487);
  expect(isOurs(readReply(verdict))).toBe(true);
});

test('SHA-256 integrity is answered with SHA-256', () => {
  const reply = readReply(agent.receive(check({ hash: 'sha256' }), FROM));

  expect(findIntegrity(reply)?.hash).toBe('sha256');
  expect(isOurs(reply)).toBe(true);
});

test('indications, responses, other methods and foreign requests are not answered', () => {
  const silent = [
    ...(['indication', 'success', 'error'] as const).map((stunClass) => check({ class: stunClass })),
    check({ method: 3 }),
    Buffer.alloc(0),
    Buffer.from('not stun at all, not even close'),
  ];

  for (const datagram of silent) {
    expect(agent.receive(datagram, FROM)).toMatchObject({ kind: 'refused', reply: undefined });
  }
  expect(agent.receive(Buffer.from(SECTION_2_1_REQUEST, 'hex'), FROM)).toMatchObject({ reason: 'wrong_username' });
});

test('no change to a genuine check, of any byte, makes one that is believed', () => {
  const genuine = check({ nominates: true });
  fc.assert(
    fc.property(fc.nat(genuine.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const altered = Buffer.from(genuine);
      altered[at]! ^= flip;

      expect(agent.receive(altered, FROM).kind).toBe('refused');
    }),
  );
});

function readReply(verdict: IceVerdict): StunMessage {
  const message = verdict.reply && readStun(verdict.reply);
  if (message === undefined || typeof message === 'string') throw new Error(message ?? 'nothing was answered');
  return message;
}

function codeOf(reply: StunMessage): number {
  const value = findAttribute(reply, STUN_ATTRIBUTE.errorCode)!.value;
  expect(reply.class).toBe('error');
  return value[2]! * 100 + value[3]!;
}

function isOurs(reply: StunMessage): boolean {
  const integrity = findIntegrity(reply);
  return (
    integrity !== undefined &&
    isIntact(reply, integrity, shortTermKey(LOCAL.password)) &&
    checkFingerprint(reply) === 'right'
  );
}
