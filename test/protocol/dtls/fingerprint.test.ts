import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptableDigests, readFingerprint } from '../../../src/protocol/dtls/fingerprint.ts';

/** RFC 8122 §5's example. */
const SHA_1 = '4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB';
const SHA_256 = hexPairs(32, 'A0');
const OTHER_SHA_256 = hexPairs(32, 'B1');

test('a fingerprint is its hash function and its value, in letters of either case', () => {
  const usable = { kind: 'usable', fingerprint: { hash: 'sha-1', value: SHA_1 } };

  expect(readFingerprint(`sha-1 ${SHA_1}`)).toEqual(usable);
  expect(readFingerprint(` SHA-1  ${SHA_1.toLowerCase()} `)).toEqual(usable);
});

test.each([
  ['sha-224', 28],
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
])('%s has %d bytes, neither more nor fewer', (hash, bytes) => {
  expect(readFingerprint(`${hash} ${hexPairs(bytes)}`)).toMatchObject({ kind: 'usable' });
  expect(readFingerprint(`${hash} ${hexPairs(bytes - 1)}`)).toEqual({ kind: 'malformed' });
  expect(readFingerprint(`${hash} ${hexPairs(bytes + 1)}`)).toEqual({ kind: 'malformed' });
});

test('hash functions we do not have are known to be others: new ones, and those that are broken', () => {
  for (const hash of ['md5', 'md2', 'sha3-256', 'constructor', '__proto__', 'toString']) {
    expect(readFingerprint(`${hash} ${SHA_1}`)).toEqual({ kind: 'unknown_hash' });
  }
});

test('what is not a function and colon-separated pairs is malformed', () => {
  for (const text of [
    '',
    'sha-1',
    SHA_1,
    `sha-1 ${SHA_1} ${SHA_1}`,
    `sha-1 ${SHA_1.replaceAll(':', '')}`,
    `sha-1 ${SHA_1}:`,
    `sha-1 ${SHA_1.replace('4A', 'G4')}`,
    `sha-1 ${SHA_1.replace(':', '-')}`,
    `s(ha ${SHA_1}`,
  ]) {
    expect(readFingerprint(text)).toEqual({ kind: 'malformed' });
  }
});

test('a certificate is held against the fingerprints of the strongest hash alone', () => {
  const acceptable = acceptableDigests([
    { hash: 'sha-1', value: SHA_1 },
    { hash: 'sha-256', value: SHA_256 },
    { hash: 'sha-256', value: OTHER_SHA_256.toLowerCase() },
  ]);

  expect(acceptable).toEqual({
    hash: 'sha-256',
    digests: Buffer.concat([Buffer.alloc(32, 0xa0), Buffer.alloc(32, 0xb1)]),
  });
});

test('without one we could compare with there is nothing to hold it against', () => {
  expect(acceptableDigests([])).toBeUndefined();
  expect(acceptableDigests([{ hash: 'sha-256', value: SHA_1 }])).toBeUndefined();
});

test('there are at most sixteen digests', () => {
  const many = Array.from({ length: 40 }, () => ({ hash: 'sha-256', value: SHA_256 }) as const);

  expect(acceptableDigests(many)?.digests).toHaveLength(16 * 32);
});

test('any text is read without throwing, and what is usable is written as it was read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('sha-1256 :ABf')) })), (text) => {
      const reading = readFingerprint(text);
      if (reading.kind !== 'usable') return;
      const { hash, value } = reading.fingerprint;
      expect(readFingerprint(`${hash} ${value}`)).toEqual(reading);
    }),
  );
});

function hexPairs(bytes: number, pair = '0F'): string {
  return Array.from({ length: bytes }, () => pair).join(':');
}
