import { X509Certificate, createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCertificate, createDtls } from '../../src/native/dtls.ts';
import type { DtlsAssociation, ExpectedFingerprint } from '../../src/protocol/dtls/association.ts';
import { keySaltBytes, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import { requirePeer } from '../peers/require-peer.ts';
import {
  ACTIVE_AT,
  PASSIVE_AT,
  addon,
  createPair,
  dtlsAddon,
  exchange,
  fingerprintOf,
  twoCertificates,
  type Pair,
} from './dtls-pair.ts';

const SUITES: readonly SrtpSuite[] = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
];

describe.skipIf(requirePeer('c++') === undefined || addon === undefined)('a DTLS-SRTP handshake', () => {
  test.each(SUITES)('keys both ends alike with %s, with and without cookies', (suite) => {
    for (const cookies of [true, false]) {
      const pair = createPair({ active: { suites: [suite] }, passive: { suites: [suite], cookies } });

      exchange(pair);

      expectKeyed(pair, suite);
    }
  });

  test('takes the first of the passive end that the active one has', () => {
    const pair = createPair({
      active: { suites: SUITES },
      passive: { suites: ['AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_128_GCM'] },
    });

    exchange(pair);

    expectKeyed(pair, 'AES_CM_128_HMAC_SHA1_32');
  });

  test('leaves out suites that DTLS-SRTP has no profile for, and without any is born failed', () => {
    const pair = createPair({
      active: { suites: ['AES_256_CM_HMAC_SHA1_80', 'AEAD_AES_128_GCM'] },
      passive: { suites: ['AES_256_CM_HMAC_SHA1_32', 'AEAD_AES_128_GCM'] },
    });
    exchange(pair);
    expectKeyed(pair, 'AEAD_AES_128_GCM');

    const { passive } = createPair({ passive: { suites: ['AES_256_CM_HMAC_SHA1_80'] } });
    expect(passive).toMatchObject({ state: 'failed', failure: 'no_profile' });
    expect(passive.start()).toEqual([]);
    expect(passive.wakeInMs()).toBeUndefined();
    expect(passive.close()).toEqual([]);
  });

  test('without a common profile fails at both ends and gives no keys', () => {
    const pair = createPair({
      active: { suites: ['AEAD_AES_256_GCM'] },
      passive: { suites: ['AES_CM_128_HMAC_SHA1_80'] },
    });

    exchange(pair);

    expectFailed(pair.active, 'no_profile');
    expectFailed(pair.passive, 'no_profile');
  });

  test('gives the same keys at every call, in buffers that one may wipe', () => {
    const pair = createPair();
    expect(pair.active.keys()).toBeUndefined();
    exchange(pair);

    const first = pair.active.keys();
    const kept = Buffer.from(first?.send ?? '');
    first?.send.fill(0);

    expect(pair.active.keys()?.send).toEqual(kept);
    expect(kept.equals(Buffer.alloc(kept.length))).toBe(false);
  });

  test('makes new keys each time with the same certificates', () => {
    const [one, other] = [createPair(), createPair()];
    exchange(one);
    exchange(other);

    expect(one.active.keys()?.send).not.toEqual(other.active.keys()?.send);
  });

  test('closes with a goodbye that the other end believes, and neither has keys afterwards', () => {
    const pair = createPair();
    exchange(pair);

    const goodbye = pair.passive.close();
    const answer = goodbye.flatMap((datagram) => pair.active.receive(datagram, PASSIVE_AT));

    expect(goodbye).toHaveLength(1);
    expect(pair.passive).toMatchObject({ state: 'closed', failure: undefined });
    expect(pair.passive.keys()).toBeUndefined();
    expectFailed(pair.active, 'closed_by_peer');
    expect(answer.flatMap((datagram) => pair.passive.receive(datagram, ACTIVE_AT))).toEqual([]);
    expect(pair.passive.close()).toEqual([]);
    expect(pair.passive.start()).toEqual([]);
  });

  test('sends nothing at the end of one that was never done', () => {
    const { active, passive } = createPair();
    active.start();

    expect(active.close()).toEqual([]);
    expect(passive.close()).toEqual([]);
    expect(active.wakeInMs()).toBeUndefined();
    expect(active.state).toBe('closed');
  });
});

describe.skipIf(requirePeer('c++') === undefined || addon === undefined)('the certificate of the peer', () => {
  test.each(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'] as const)('is held against its %s', (hash) => {
    const [one, other] = twoCertificates();
    const value = digestOf(one.certificatePem, hash);
    const good = createPair({ passive: { fingerprints: [{ hash, value }] } });
    const bad = createPair({ passive: { fingerprints: [{ hash, value: digestOf(other.certificatePem, hash) }] } });

    exchange(good);
    exchange(bad);

    expectKeyed(good, 'AEAD_AES_256_GCM');
    expectFailed(bad.passive, 'fingerprint_mismatch');
    expectFailed(bad.active, 'handshake_failed');
  });

  test('fails an active end too when it is another, before it says its own', () => {
    const [one] = twoCertificates();
    const pair = createPair({ active: { fingerprints: [fingerprintOf(one)] } });

    exchange(pair);

    expectFailed(pair.active, 'fingerprint_mismatch');
    expectFailed(pair.passive, 'handshake_failed');
  });

  test('may be any one of several', () => {
    const [one, other] = twoCertificates();
    const several = createPair({ passive: { fingerprints: [fingerprintOf(other), fingerprintOf(one)] } });

    exchange(several);

    expectKeyed(several, 'AEAD_AES_256_GCM');
  });

  test('must fit the strongest hash there is: a weaker one that fits lets nobody in', () => {
    const [one, other] = twoCertificates();
    const mixed = createPair({
      passive: {
        fingerprints: [
          { hash: 'sha-1', value: digestOf(one.certificatePem, 'sha-1') },
          { hash: 'sha-512', value: digestOf(other.certificatePem, 'sha-512') },
        ],
      },
    });

    exchange(mixed);

    expectFailed(mixed.passive, 'fingerprint_mismatch');
  });

  test('cannot be any when none was named', () => {
    expectFailed(createPair({ passive: { fingerprints: [] } }).passive, 'fingerprint_mismatch');
  });
});

describe.skipIf(requirePeer('c++') === undefined || addon === undefined)('our certificate', () => {
  test('is ECDSA on P-256, names nobody, and is good from a little before now for a month', () => {
    const made = createCertificate(dtlsAddon());
    const read = new X509Certificate(made.certificatePem);
    const days = (Date.parse(read.validTo) - Date.parse(read.validFrom)) / 86_400_000;

    expect(read.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(read.subject).toBe('CN=dtls-srtp');
    expect(read.issuer).toBe(read.subject);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(days).toBe(33);
    expect(made.fingerprint).toBe(digestOf(made.certificatePem, 'sha-256'));
    expect(made.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  test('is another each time, with another key and serial number', () => {
    const [one, other] = [1, 2].map(() => new X509Certificate(createCertificate(dtlsAddon()).certificatePem));

    expect(one?.serialNumber).not.toBe(other?.serialNumber);
    expect(one?.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(one?.publicKey.equals(other!.publicKey)).toBe(false);
  });
});

test.skipIf(requirePeer('c++') === undefined || addon === undefined)(
  'arguments that are wrong are bugs and throw',
  () => {
    const native = dtlsAddon();
    const [certificate, other] = twoCertificates();
    const good = {
      ...certificate,
      isClient: true,
      usesCookies: false,
      hash: 'sha-256' as const,
      digests: Buffer.alloc(32),
      profiles: 'SRTP_AEAD_AES_128_GCM',
      firstTimeoutMs: 1000,
      longestTimeoutMs: 60_000,
      transmissions: 5,
    };
    const association = new native.DtlsAssociation(good);
    const wrong: readonly object[] = [
      { isClient: 1 },
      { usesCookies: undefined },
      { hash: 'md5' },
      { hash: 7 },
      { digests: Buffer.alloc(31) },
      { digests: Buffer.alloc(0) },
      { digests: Buffer.alloc(32 * 1000) },
      { digests: 'x' },
      { profiles: 'SRTP_NULL' },
      { profiles: '' },
      { profiles: 'x'.repeat(10_000) },
      { certificatePem: '' },
      { privateKeyPem: certificate.certificatePem },
      { privateKeyPem: other.privateKeyPem },
      { certificatePem: 'x'.repeat(100_000) },
      { firstTimeoutMs: 0 },
      { firstTimeoutMs: Number.NaN },
      { longestTimeoutMs: 1e9 },
      { transmissions: 13 },
    ];
    for (const change of wrong) {
      expect(() => new native.DtlsAssociation({ ...good, ...change }), JSON.stringify(Object.keys(change))).toThrow(
        TypeError,
      );
    }
    const prototype = native.DtlsAssociation.prototype as object;
    const odd: readonly (() => unknown)[] = [
      () => construct(),
      () => construct(null),
      () => call(native, 'DtlsAssociation', undefined, good),
      () => call(prototype, 'receive', association),
      () => call(prototype, 'receive', association, 'x', '192.0.2.1', 1),
      () => call(prototype, 'receive', association, Buffer.alloc(9), 1, 1),
      () => call(prototype, 'receive', association, Buffer.alloc(9), '192.0.2.1', 70_000),
      () => call(prototype, 'receive', association, Buffer.alloc(9), 'x'.repeat(1000), 1),
      () => call(prototype, 'start', {}),
      () => call(prototype, 'keys', undefined),
      () => call(prototype, 'keys', Object.create(prototype)),
    ];
    for (const attempt of odd) expect(attempt).toThrow(TypeError);
    expect(() => createDtls(native)).not.toThrow();
  },
);

function construct(...options: readonly unknown[]): unknown {
  return Reflect.construct(dtlsAddon().DtlsAssociation, options);
}

/** Calls a method as only JavaScript lets one: on anything, with anything. */
function call(owner: object, name: string, self: unknown, ...values: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(owner, name) as () => unknown, self, values);
}

function expectKeyed({ active, passive }: Pair, suite: SrtpSuite): void {
  expect([active.state, passive.state]).toEqual(['done', 'done']);
  const [ours, theirs] = [active.keys(), passive.keys()];
  expect(ours).toMatchObject({ suite });
  expect(ours?.send).toHaveLength(keySaltBytes(suite));
  expect(theirs).toEqual({ suite, send: ours?.receive, receive: ours?.send });
  expect(ours?.send).not.toEqual(ours?.receive);
}

function expectFailed(association: DtlsAssociation, failure: string): void {
  expect(association).toMatchObject({ state: 'failed', failure });
  expect(association.keys()).toBeUndefined();
  expect(association.wakeInMs()).toBeUndefined();
}

function digestOf(pem: string, hash: ExpectedFingerprint['hash']): string {
  const hex = createHash(hash.replace('-', '')).update(new X509Certificate(pem).raw).digest('hex');
  return hex.toUpperCase().match(/../g)?.join(':') ?? '';
}
