import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LIFETIME_PACKETS, readCrypto, writeCrypto } from '../../../src/protocol/sdp/sdes.ts';

/** The key of RFC 4568 §4.1's first example: 16 bytes of key and 14 of salt. */
const KEY = 'PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR';
const SUITE = 'AES_CM_128_HMAC_SHA1_80';

test('a line with lifetime is read as its tag, suite, key and packets', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20`)).toEqual({
    kind: 'usable',
    tag: 1,
    key: { suite: SUITE, keySalt: KEY },
    lifetimePackets: 2 ** 20,
  });
});

test('lifetimes are read as powers and as numbers, and bounded by 2^48', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}`)).toMatchObject({ lifetimePackets: MAX_LIFETIME_PACKETS });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^31`)).toMatchObject({ lifetimePackets: 2 ** 31 });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|4096`)).toMatchObject({ lifetimePackets: 4096 });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^49`)).toEqual({ kind: 'malformed', reason: 'lifetime' });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|x`)).toEqual({ kind: 'malformed', reason: 'lifetime' });
});

test('a key with an MKI is passed over, and a broken MKI is malformed', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20|1:4`)).toEqual({ kind: 'unsupported', reason: 'mki' });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|1:4`)).toEqual({ kind: 'unsupported', reason: 'mki' });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20|1:999`)).toEqual({ kind: 'malformed', reason: 'mki' });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|1:4;inline:${KEY}|2:4`)).toEqual({
    kind: 'unsupported',
    reason: 'several_keys',
  });
});

test('other suites are passed over in either spelling, whatever their key', () => {
  for (const suite of ['AES_256_CM_HMAC_SHA1_80', 'AES_CM_256_HMAC_SHA1_80', 'AEAD_AES_128_GCM', 'NULL_HMAC_SHA1_80']) {
    expect(readCrypto(`7 ${suite} inline:short`)).toEqual({ kind: 'unsupported', reason: 'suite' });
  }
});

test('session parameters that change the wire are passed over, hints are not', () => {
  for (const parameter of [
    'UNENCRYPTED_SRTP',
    'UNAUTHENTICATED_SRTP',
    'UNENCRYPTED_SRTCP',
    'KDR=4',
    'FEC_ORDER=FEC_SRTP',
    'X=1',
  ]) {
    expect(readCrypto(`1 ${SUITE} inline:${KEY} ${parameter}`)).toEqual({ kind: 'unsupported', reason: 'parameter' });
  }
  expect(readCrypto(`1 ${SUITE} inline:${KEY} WSH=128 -X=1`)).toMatchObject({ kind: 'usable' });
});

test('keys of another length, with bad letters or loose bits are malformed', () => {
  for (const key of [KEY.slice(0, 36), `${KEY}AAAA`, `${KEY.slice(0, 39)}!`, `${KEY}==`, '']) {
    expect(readCrypto(`1 ${SUITE} inline:${key}`)).toEqual({ kind: 'malformed', reason: 'key' });
  }
});

test('tags have no leading zero and at most nine digits', () => {
  expect(readCrypto(`0 ${SUITE} inline:${KEY}`)).toMatchObject({ kind: 'usable', tag: 0 });
  expect(readCrypto(`999999999 ${SUITE} inline:${KEY}`)).toMatchObject({ kind: 'usable', tag: 999_999_999 });
  for (const tag of ['01', '1234567890', '-1', 'x']) {
    expect(readCrypto(`${tag} ${SUITE} inline:${KEY}`)).toEqual({ kind: 'malformed', reason: 'tag' });
  }
  expect(readCrypto(`1 ${SUITE}`)).toEqual({ kind: 'malformed', reason: 'syntax' });
  expect(readCrypto(`1 ${SUITE} outline:${KEY}`)).toEqual({ kind: 'malformed', reason: 'syntax' });
});

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 30, maxLength: 30 }), fc.nat(999_999_999), (bytes, tag) => {
      const key = { suite: SUITE, keySalt: Buffer.from(bytes).toString('base64') } as const;

      const line = writeCrypto(tag, key);

      expect(readCrypto(line.slice('crypto:'.length))).toMatchObject({ kind: 'usable', tag, key });
    }),
  );
});

test('no text makes the reader throw', () => {
  const letters = fc.uint8Array({ maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

  fc.assert(
    fc.property(letters, (text) => {
      expect(readCrypto(text).kind).not.toBe('usable');
      expect(readCrypto(`1 ${SUITE} inline:${text}`).kind).not.toBe('usable');
    }),
  );
});
