import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MediaSection, Sdp } from '../../../src/protocol/sdp/description.ts';
import { readFingerprints, readSetup, readTlsId } from '../../../src/protocol/sdp/fingerprint.ts';
import { scanSdp } from '../../../src/protocol/sdp/scan.ts';

const SHA_256 = `sha-256 ${pairs(32, 'AB')}`;
const OTHER = `sha-256 ${pairs(32, 'CD')}`;
const USABLE = { hash: 'sha-256', value: pairs(32, 'AB') };
const TLS_ID = 'abc3de65cddef001be82';

test('what stands at the media section holds for it', () => {
  const read = sdpOf([], [`fingerprint:${SHA_256}`, 'setup:actpass', `tls-id:${TLS_ID}`]);

  expect(readFingerprints(...read)).toEqual([USABLE]);
  expect(readSetup(...read)).toBe('actpass');
  expect(readTlsId(...read)).toBe(TLS_ID);
});

test('what stands at the session holds where the media section says nothing of the kind', () => {
  const session = [`fingerprint:${SHA_256}`, 'setup:active', `tls-id:${TLS_ID}`];

  expect(readFingerprints(...sdpOf(session, []))).toEqual([USABLE]);
  expect(readSetup(...sdpOf(session, []))).toBe('active');
  expect(readTlsId(...sdpOf(session, []))).toBe(TLS_ID);
  expect(readFingerprints(...sdpOf([`fingerprint:${OTHER}`], [`fingerprint:${SHA_256}`]))).toEqual([USABLE]);
  expect(readSetup(...sdpOf(session, ['setup:passive']))).toBe('passive');
});

test('several fingerprints are kept in their order, and those of other hash functions passed over', () => {
  const read = sdpOf([], [`fingerprint:${OTHER}`, 'fingerprint:sha3-256 AB:CD', `fingerprint:${SHA_256}`]);

  expect(readFingerprints(...read)).toEqual([{ hash: 'sha-256', value: pairs(32, 'CD') }, USABLE]);
  expect(readFingerprints(...sdpOf([], ['fingerprint:md5 AB:CD']))).toEqual([]);
  expect(readFingerprints(...sdpOf([], []))).toEqual([]);
});

test('one line that cannot be read leaves no fingerprint, and so do too many', () => {
  const lines = [`fingerprint:${SHA_256}`, 'fingerprint:sha-512 AB:CD'];
  const many = Array.from({ length: 17 }, () => `fingerprint:${SHA_256}`);

  expect(readFingerprints(...sdpOf([], lines))).toEqual([]);
  expect(readFingerprints(...sdpOf([`fingerprint:${SHA_256}`], ['fingerprint']))).toEqual([]);
  expect(readFingerprints(...sdpOf([], many.slice(1)))).toHaveLength(16);
  expect(readFingerprints(...sdpOf([], many))).toEqual([]);
});

test('a setup may be repeated, not contradicted, and what is none of its words is no connection', () => {
  expect(readSetup(...sdpOf([], []))).toBeUndefined();
  expect(readSetup(...sdpOf([], ['setup: ActPass ', 'setup:actpass']))).toBe('actpass');
  expect(readSetup(...sdpOf([], ['setup:holdconn']))).toBe('holdconn');
  expect(readSetup(...sdpOf([], ['setup:active', 'setup:passive']))).toBe('holdconn');
  expect(readSetup(...sdpOf([], ['setup:both']))).toBe('holdconn');
  expect(readSetup(...sdpOf([], ['setup']))).toBe('holdconn');
});

test('the name of an association has 20 to 255 characters, or is as the drafts had it', () => {
  expect(readTlsId(...sdpOf([], [`tls-id:${'x'.repeat(19)}`]))).toBeUndefined();
  expect(readTlsId(...sdpOf([], [`tls-id:${'x'.repeat(256)}`]))).toBeUndefined();
  expect(readTlsId(...sdpOf([], ['tls-id:abc3de65cddef001be8 2']))).toBeUndefined();
  expect(readTlsId(...sdpOf([], [`tls-id:${TLS_ID}`, `tls-id:${TLS_ID}x`]))).toBeUndefined();
  expect(readTlsId(...sdpOf([], ['dtls-id:1']))).toBe('1');
  expect(readTlsId(...sdpOf([], ['dtls-id:1', `tls-id:${TLS_ID}`]))).toBe(TLS_ID);
});

test('any values are read without throwing', () => {
  const names = fc.constantFrom('fingerprint', 'setup', 'tls-id', 'dtls-id');
  const value = fc.string({ unit: fc.constantFrom(...Array.from('sha-256 :ABactivepass\t')) });
  const attribute = fc.tuple(names, value).map(([name, text]) => `${name}:${text}`);
  fc.assert(
    fc.property(fc.array(attribute), fc.array(attribute), (session, media) => {
      const read = sdpOf(session, media);
      for (const { hash, value: digest } of readFingerprints(...read)) expect(`${hash} ${digest}`).toMatch(/^sha-\d+ /);
      expect(['active', 'passive', 'actpass', 'holdconn', undefined]).toContain(readSetup(...read));
      expect(readTlsId(...read) ?? 'none').toMatch(/^[A-Za-z0-9+/_-]+$/);
    }),
  );
});

function sdpOf(session: readonly string[], media: readonly string[]): [Sdp, MediaSection] {
  const lines = [
    ...['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 't=0 0', ...session.map((line) => `a=${line}`)],
    ...['m=audio 40000 UDP/TLS/RTP/SAVP 0', ...media.map((line) => `a=${line}`), ''],
  ];
  const scan = scanSdp(Buffer.from(lines.join('\r\n')));
  if (scan.kind !== 'sdp' || !scan.sdp.media[0]) throw new Error('the test writes bad SDP');
  return [scan.sdp, scan.sdp.media[0]];
}

function pairs(bytes: number, pair: string): string {
  return Array.from({ length: bytes }, () => pair).join(':');
}
