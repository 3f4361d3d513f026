import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCrypto, writeCrypto } from '../../../src/protocol/sdp/sdes.ts';
import { MAX_LIFETIME_PACKETS } from '../../../src/protocol/srtp/packet-index.ts';
import { keySaltBytes, SRTP_SUITES } from '../../../src/protocol/srtp/suite.ts';

/** The key of RFC 4568 §4.1's first example: 16 bytes of key and 14 of salt. */
const KEY = 'PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR';
const SUITE = 'AES_CM_128_HMAC_SHA1_80';

/** Some key of the suite's length, as it is written when padded. */
function keyOf(suite: (typeof SRTP_SUITES)[number], filler = 0x5a): string {
  return Buffer.alloc(keySaltBytes(suite), filler).toString('base64');
}

test('a line with lifetime is read as its tag, suite, key and packets', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20`)).toEqual({
    kind: 'usable',
    tag: 1,
    key: { suite: SUITE, keySalt: KEY },
    lifetimePackets: 2 ** 20,
  });
});

test('every suite of ours is read under its name, with a key of its own length and no other', () => {
  const lengths = SRTP_SUITES.map((suite) => [suite, keyOf(suite).length, keyOf(suite).replace(/=+$/, '').length]);

  expect(lengths).toEqual([
    ['AEAD_AES_256_GCM', 60, 59],
    ['AEAD_AES_128_GCM', 40, 38],
    ['AES_256_CM_HMAC_SHA1_80', 64, 62],
    ['AES_256_CM_HMAC_SHA1_32', 64, 62],
    ['AES_CM_128_HMAC_SHA1_80', 40, 40],
    ['AES_CM_128_HMAC_SHA1_32', 40, 40],
  ]);
  for (const suite of SRTP_SUITES) {
    expect(readCrypto(`3 ${suite} inline:${keyOf(suite)}`)).toMatchObject({ kind: 'usable', tag: 3, key: { suite } });
    for (const other of SRTP_SUITES.filter((each) => keySaltBytes(each) !== keySaltBytes(suite))) {
      expect(readCrypto(`3 ${suite} inline:${keyOf(other)}`)).toEqual({ kind: 'malformed', reason: 'key' });
    }
  }
});

test('a suite is known by any case, and those of 256-bit counter mode by both spellings', () => {
  const key = keyOf('AES_256_CM_HMAC_SHA1_80');

  for (const [name, suite] of [
    ['AES_CM_256_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_80'],
    ['AES_CM_256_HMAC_SHA1_32', 'AES_256_CM_HMAC_SHA1_32'],
    ['aes_256_cm_hmac_sha1_80', 'AES_256_CM_HMAC_SHA1_80'],
  ] as const) {
    const reading = readCrypto(`7 ${name} inline:${key}`);

    expect(reading).toMatchObject({ kind: 'usable', key: { suite } });
    expect(reading.kind === 'usable' && writeCrypto(7, reading.key)).toBe(`crypto:7 ${suite} inline:${key}`);
  }
});

test('keys are read with and without padding, and written with it', () => {
  for (const suite of SRTP_SUITES) {
    const padded = keyOf(suite);
    const bare = readCrypto(`1 ${suite} inline:${padded.replace(/=+$/, '')}|2^31`);

    expect(bare).toMatchObject({ kind: 'usable', key: { keySalt: padded } });
    expect(bare).toEqual(readCrypto(`1 ${suite} inline:${padded}|2^31`));
  }
});

test('lifetimes are read as powers and as numbers, and bounded by 2^48', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}`)).toMatchObject({ lifetimePackets: MAX_LIFETIME_PACKETS });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^31`)).toMatchObject({ lifetimePackets: 2 ** 31 });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|4096`)).toMatchObject({ lifetimePackets: 4096 });
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^48`)).toMatchObject({ lifetimePackets: 2 ** 48 });
  for (const lifetime of ['2^49', 'x', '0', '-1', '1e3', '2^', '2^-1', '281474976710657', '', '2^20|2^21', '2 ^20']) {
    expect(readCrypto(`1 ${SUITE} inline:${KEY}|${lifetime}`).kind).not.toBe('usable');
  }
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^49`)).toEqual({ kind: 'malformed', reason: 'lifetime' });
});

test('an MKI is read as the bytes that packets carry', () => {
  for (const [text, mki] of [
    ['1:4', '00000001'],
    ['1:1', '01'],
    ['255:1', 'ff'],
    ['66051:3', '010203'],
    ['0:2', '0000'],
    [`${2n ** 1024n - 1n}:128`, 'ff'.repeat(128)],
  ]) {
    expect(readCrypto(`1 ${SUITE} inline:${KEY}|${text}`)).toMatchObject({ kind: 'usable', key: { mki } });
    expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20|${text}`)).toMatchObject({
      lifetimePackets: 2 ** 20,
      key: { mki },
    });
  }
});

test('an MKI that is no number, has no room in its length or too much of it is malformed', () => {
  for (const mki of ['1:999', '1:129', '1:0', '256:1', '1:', ':4', 'x:4', '-1:4', '1:4:4', `${2n ** 1024n}:128`]) {
    expect(readCrypto(`1 ${SUITE} inline:${KEY}|2^20|${mki}`)).toEqual({ kind: 'malformed', reason: 'mki' });
  }
});

test('several keys in one line, and suites that are not ours, are passed over', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY}|1:4;inline:${KEY}|2:4`)).toEqual({
    kind: 'unsupported',
    reason: 'several_keys',
  });
  for (const suite of ['NULL_HMAC_SHA1_80', 'F8_128_HMAC_SHA1_80', 'AES_192_CM_HMAC_SHA1_80', 'AEAD_AES_128_GCM_8']) {
    expect(readCrypto(`7 ${suite} inline:short`)).toEqual({ kind: 'unsupported', reason: 'suite' });
  }
});

test('session parameters that would weaken or change the wire are refused, each by its reason', () => {
  for (const [parameters, reason] of [
    ['UNENCRYPTED_SRTP', 'unencrypted'],
    ['UNENCRYPTED_SRTCP', 'unencrypted'],
    ['unencrypted_srtcp', 'unencrypted'],
    ['UNAUTHENTICATED_SRTP', 'unauthenticated'],
    ['KDR=4', 'kdr'],
    ['KDR=', 'kdr'],
    ['KDR', 'kdr'],
    ['FEC_ORDER=FEC_SRTP', 'fec'],
    [`FEC_KEY=inline:${KEY}`, 'fec'],
    ['X=1', 'parameter'],
    ['WSH=x', 'parameter'],
    ['KDR=1 FEC_ORDER=SRTP_FEC UNENCRYPTED_SRTP', 'unencrypted'],
    ['WSH=64 -X=1 UNAUTHENTICATED_SRTP', 'unauthenticated'],
  ] as const) {
    expect(readCrypto(`1 ${SUITE} inline:${KEY} ${parameters}`)).toEqual({ kind: 'unsupported', reason });
  }
});

test('hints, and what its sender marked as ignorable, are ignored', () => {
  expect(readCrypto(`1 ${SUITE} inline:${KEY} WSH=128 KDR=0 -X=1 -UNENCRYPTED_SRTP`)).toEqual(
    readCrypto(`1 ${SUITE} inline:${KEY}`),
  );
});

test('keys of another length, with bad letters or loose bits are malformed', () => {
  for (const key of [KEY.slice(0, 36), `${KEY}AAAA`, `${KEY.slice(0, 39)}!`, `${KEY}==`, '']) {
    expect(readCrypto(`1 ${SUITE} inline:${key}`)).toEqual({ kind: 'malformed', reason: 'key' });
  }
  const loose = `${keyOf('AES_256_CM_HMAC_SHA1_80').slice(0, 61)}B`;
  for (const key of [loose, `${loose}==`, `${loose}=`]) {
    expect(readCrypto(`1 AES_256_CM_HMAC_SHA1_80 inline:${key}`)).toEqual({ kind: 'malformed', reason: 'key' });
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

test('a lifetime is written when asked for, before the MKI', () => {
  const key = { suite: SUITE, keySalt: KEY } as const;

  expect(writeCrypto(1, key)).toBe(`crypto:1 ${SUITE} inline:${KEY}`);
  expect(writeCrypto(2, key, { lifetime: true })).toBe(`crypto:2 ${SUITE} inline:${KEY}|2^31`);
  expect(writeCrypto(3, { ...key, mki: '00000001' }, { lifetime: true })).toBe(
    `crypto:3 ${SUITE} inline:${KEY}|2^31|1:4`,
  );
  expect(writeCrypto(4, { ...key, mki: 'ff' })).toBe(`crypto:4 ${SUITE} inline:${KEY}|255:1`);
});

test('what is written is read back the same', () => {
  const mki = fc.option(fc.uint8Array({ minLength: 1, maxLength: 128 }), { nil: undefined });
  const suites = fc.constantFrom(...SRTP_SUITES);
  const material = fc.uint8Array({ minLength: 46, maxLength: 46 });

  fc.assert(
    fc.property(suites, material, mki, fc.nat(999_999_999), fc.boolean(), (suite, bytes, identifier, tag, lifetime) => {
      const keySalt = Buffer.from(bytes.subarray(0, keySaltBytes(suite))).toString('base64');
      const key = { suite, keySalt, ...(identifier && { mki: Buffer.from(identifier).toString('hex') }) };

      const line = writeCrypto(tag, key, { lifetime });

      expect(readCrypto(line.slice('crypto:'.length))).toEqual({
        kind: 'usable',
        tag,
        key,
        lifetimePackets: lifetime ? 2 ** 31 : MAX_LIFETIME_PACKETS,
      });
    }),
  );
});

test('no text makes the reader throw, and no reading quotes the line', () => {
  const letters = fc.uint8Array({ maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const pieces = fc.array(
    fc.oneof(letters, fc.constantFrom('1', SUITE, 'inline:', KEY, '|', '2^', '2^31', ':', '1:4', ' ', ';', 'WSH=64')),
  );

  fc.assert(
    fc.property(letters, pieces, (text, several) => {
      expect(readCrypto(text).kind).not.toBe('usable');
      expect(readCrypto(`1 ${SUITE} inline:${text}`).kind).not.toBe('usable');
      const reading = readCrypto(several.join(''));
      if (reading.kind !== 'usable') expect(reading.reason).toMatch(/^[a-z_]+$/);
    }),
  );
});
