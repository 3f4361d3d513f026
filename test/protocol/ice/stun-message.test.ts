import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkFingerprint, findIntegrity, isIntact, shortTermKey } from '../../../src/protocol/ice/stun-integrity.ts';
import { findAttribute, MAX_STUN_BYTES, readStun, STUN_ATTRIBUTE } from '../../../src/protocol/ice/stun-message.ts';
import { errorCode, unknownAttributes, writeStun } from '../../../src/protocol/ice/write-stun.ts';
import { check, LOCAL, TRANSACTION_ID } from './checks.ts';

test('what is not STUN, or says a length it has not, is refused by name', () => {
  const good = check();
  const withBytes = (change: (bytes: Buffer) => unknown): Buffer => {
    const bytes = Buffer.from(good);
    change(bytes);
    return bytes;
  };

  expect(readStun(good.subarray(0, 19))).toBe('not_stun');
  expect(readStun(withBytes((bytes) => (bytes[0] = 0x40)))).toBe('not_stun');
  expect(readStun(withBytes((bytes) => bytes.writeUInt32BE(0, 4)))).toBe('not_stun');
  expect(readStun(withBytes((bytes) => bytes.writeUInt16BE(bytes.length - 16, 2)))).toBe('length');
  expect(readStun(withBytes((bytes) => bytes.writeUInt16BE(bytes.length - 21, 2)))).toBe('length');
  expect(readStun(Buffer.concat([good, Buffer.alloc(1)]))).toBe('length');
  expect(readStun(withBytes((bytes) => bytes.writeUInt16BE(0xffff, 22)))).toBe('attribute');
});

test('sizes and counts are bounded', () => {
  const header = (lengthBytes: number): Buffer => {
    const bytes = Buffer.alloc(20 + lengthBytes);
    bytes.writeUInt16BE(1, 0);
    bytes.writeUInt16BE(lengthBytes, 2);
    bytes.writeUInt32BE(0x2112a442, 4);
    return bytes;
  };
  const empties = (count: number): Buffer => {
    const bytes = header(count * 4);
    for (let at = 20; at < bytes.length; at += 4) bytes.writeUInt16BE(STUN_ATTRIBUTE.software, at);
    return bytes;
  };

  expect(typeof readStun(empties(32))).toBe('object');
  expect(readStun(empties(33))).toBe('too_many_attributes');
  expect(readStun(header(MAX_STUN_BYTES - 20 + 4))).toBe('too_large');
});

test('nothing may stand behind the fingerprint', () => {
  const good = check();
  const appended = Buffer.concat([good, Buffer.from('00250000', 'hex')]);
  appended.writeUInt16BE(appended.length - 20, 2);

  expect(readStun(appended)).toBe('after_fingerprint');
});

test('what was put behind the integrity of another does not count', () => {
  const key = shortTermKey(LOCAL.password);
  const genuine = check();
  const atFingerprint = genuine.length - 8;
  const forged = Buffer.concat([
    genuine.subarray(0, atFingerprint),
    Buffer.from('00250000', 'hex'),
    genuine.subarray(atFingerprint),
  ]);
  forged.writeUInt16BE(forged.length - 20, 2);

  const message = readStun(forged);

  if (typeof message === 'string') throw new Error(message);
  expect(isIntact(message, findIntegrity(message)!, key)).toBe(true);
  expect(findAttribute(message, STUN_ATTRIBUTE.useCandidate)).toBeUndefined();
  expect(checkFingerprint(message)).toBe('wrong');
});

test('SHA-256 integrity counts only where SHA-1 is absent, and never shortened', () => {
  const key = shortTermKey(LOCAL.password);
  const alone = readStun(check({ hash: 'sha256' }));
  const beside = readStun(withSecondIntegrity(check()));
  const short = readStun(
    check({ password: null, more: [{ type: STUN_ATTRIBUTE.messageIntegritySha256, value: Buffer.alloc(16) }] }),
  );

  if (typeof alone === 'string' || typeof beside === 'string' || typeof short === 'string') throw new Error('unread');
  expect(isIntact(alone, findIntegrity(alone)!, key)).toBe(true);
  expect(findIntegrity(alone)?.hash).toBe('sha256');
  expect(findIntegrity(beside)?.hash).toBe('sha1');
  expect(isIntact(beside, findIntegrity(beside)!, key)).toBe(true);
  expect(findIntegrity(short)).toBeUndefined();
});

test('class and method share their bits as RFC 8489 figure 3 says', () => {
  const types = (['request', 'indication', 'success', 'error'] as const).map((stunClass) =>
    writeStun({ class: stunClass, transactionId: TRANSACTION_ID, attributes: [] }).readUInt16BE(0),
  );

  expect(types).toEqual([0x0001, 0x0011, 0x0101, 0x0111]);
  fc.assert(
    fc.property(
      fc.constantFrom('request', 'indication', 'success', 'error'),
      fc.integer({ min: 0, max: 0xfff }),
      (stunClass, method) => {
        const message = readStun(
          writeStun({ class: stunClass, method, transactionId: TRANSACTION_ID, attributes: [] }),
        );

        expect(message).toMatchObject({ class: stunClass, method });
      },
    ),
  );
});

test('errors are written as RFC 8489 says, without words', () => {
  expect(errorCode(420).toString('hex')).toBe('00000414');
  expect(errorCode(487).toString('hex')).toBe('00000457');
  expect(unknownAttributes([0x1e, 0x7fff]).toString('hex')).toBe('001e7fff');
});

test('what is written is read back, whatever the attributes', () => {
  const attribute = fc.record({
    type: fc.integer({ min: 0x8100, max: 0xffff }),
    value: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 20 }), (attributes) => {
      const integrity = { key: shortTermKey('p'), hash: 'sha1' as const };
      const message = readStun(writeStun({ class: 'request', transactionId: TRANSACTION_ID, attributes, integrity }));

      if (typeof message === 'string') throw new Error(message);
      expect(message.attributes.slice(0, -2).map(({ type, value }) => [type, [...value]])).toEqual(
        attributes.map(({ type, value }) => [type, [...value]]),
      );
      expect(isIntact(message, findIntegrity(message)!, integrity.key)).toBe(true);
      expect(checkFingerprint(message)).toBe('right');
    }),
  );
});

test('no bytes make it throw, and no attribute leaves the message', () => {
  const almost = fc.uint8Array({ minLength: 0, maxLength: 120 }).map((tail) => {
    const bytes = Buffer.concat([Buffer.from('000100002112a442', 'hex'), TRANSACTION_ID, tail]);
    bytes.writeUInt16BE(tail.length, 2);
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(
        almost,
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        const message = readStun(bytes);
        if (typeof message === 'string') return;
        for (const { at, value } of message.attributes) expect(at + 4 + value.length).toBeLessThanOrEqual(bytes.length);
        checkFingerprint(message);
        const integrity = findIntegrity(message);
        if (integrity) expect(isIntact(message, integrity, shortTermKey('x'))).toBe(false);
      },
    ),
  );
});

/** The same message with a SHA-256 integrity of zeros behind its SHA-1. */
function withSecondIntegrity(message: Buffer): Buffer {
  const atFingerprint = message.length - 8;
  const second = Buffer.concat([Buffer.from('001c0020', 'hex'), Buffer.alloc(32)]);
  const bytes = Buffer.concat([message.subarray(0, atFingerprint), second, message.subarray(atFingerprint)]);
  bytes.writeUInt16BE(bytes.length - 20, 2);
  return bytes;
}
