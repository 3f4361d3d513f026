/** An independent build of OpenSSL on the other end: every profile, both roles, keys compared; what it lies about fails. */

import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { createCertificate, createDtls, type DtlsExports } from '../../src/native/dtls.ts';
import type { DtlsCertificate, DtlsOptions } from '../../src/protocol/dtls/association.ts';
import { keyLengths, keySaltBytes, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import { dtlsUnderTest } from '../native/dtls-under-test.ts';
import { DtlsOnSocket, OpensslPeer, PeerIdentity } from './dtls-openssl.ts';
import { requirePeer } from './require-peer.ts';
import { isUdpPortTaken, until } from './udp-peer.ts';

const PROFILES = [
  ['SRTP_AEAD_AES_256_GCM', 'AEAD_AES_256_GCM'],
  ['SRTP_AEAD_AES_128_GCM', 'AEAD_AES_128_GCM'],
  ['SRTP_AES128_CM_SHA1_80', 'AES_CM_128_HMAC_SHA1_80'],
  ['SRTP_AES128_CM_SHA1_32', 'AES_CM_128_HMAC_SHA1_32'],
] as const;
const SUITES: readonly SrtpSuite[] = PROFILES.map(([, suite]) => suite);
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const RSA = ['-newkey', 'rsa:2048'];
/** Some three thousand bytes of names. */
const LONG = [
  '-addext',
  `subjectAltName=${Array.from({ length: 100 }, (_, n) => `DNS:peer-${n}.example.invalid`).join()}`,
];

const openssl = requirePeer('openssl');
const addon = dtlsUnderTest();

const stops: (() => Promise<void> | void)[] = [];
let ours: DtlsCertificate;
let peer: PeerIdentity;

describe.skipIf(openssl === undefined || addon === undefined)('DTLS-SRTP with openssl', () => {
  beforeAll(() => {
    peer = identity(P256);
    ours = createCertificate(exported());
  });

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  afterAll(() => peer.remove());

  test.each(PROFILES)('its client gets the keys we have, by %s', async (profile, suite) => {
    const end = await passive({ suites: [suite] });
    const client = connect(end.port, ['-use_srtp', profile], suite);

    await until(() => client.keyingMaterial !== undefined);

    expect(client.keyingMaterial).toBe(materialOf(end, 'passive', suite));
    expect(client.said).toContain(`SRTP Extension negotiated, profile=${profile}`);
    expect(client.said).toMatch(/Cipher is ECDHE-ECDSA-AES(128|256)-GCM-SHA(256|384)/);
    expect(client.said).not.toContain('Session Ticket');
  });

  test.each(PROFILES)('its server gets the keys we have, by %s', async (profile, suite) => {
    const { end, server } = await active({ suites: SUITES }, ['-use_srtp', profile], suite);

    await until(() => server.keyingMaterial !== undefined && end.association.state === 'done');

    expect(server.keyingMaterial).toBe(materialOf(end, 'active', suite));
  });

  test('its client takes our first profile among those it has, and says goodbye', async () => {
    const end = await passive({ suites: ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_256_GCM'] });
    const client = connect(end.port, ['-use_srtp', 'SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80'], SUITES[2]!);
    await until(() => client.keyingMaterial !== undefined);
    expect(end.association.keys()?.suite).toBe('AES_CM_128_HMAC_SHA1_80');

    client.type('Q');

    await until(() => end.association.failure === 'closed_by_peer');
  });

  test('its server asks us for a cookie, and gets it back', async () => {
    const { end, server } = await active({}, ['-use_srtp', PROFILES[0][0], '-listen'], SUITES[0]!);

    await until(() => end.association.state === 'done');

    await until(() => server.keyingMaterial === materialOf(end, 'active', SUITES[0]!));
  });

  test.each([
    ['RSA', RSA],
    ['long ECDSA', [...P256, ...LONG]],
  ])('a peer with a %s certificate is put together from pieces, in both roles', async (_, request) => {
    const other = identity(request);
    stops.push(() => other.remove());
    const fingerprints = [other.fingerprint];
    const end = await passive({ fingerprints });
    const client = connect(end.port, ['-use_srtp', PROFILES[0][0], '-mtu', '300'], SUITES[0]!, other);
    const { end: start } = await active(
      { fingerprints },
      ['-use_srtp', PROFILES[0][0], '-mtu', '300'],
      SUITES[0]!,
      other,
    );

    await until(() => end.association.state === 'done' && start.association.state === 'done');

    await until(() => client.keyingMaterial === materialOf(end, 'passive', SUITES[0]!));
  });

  test('our own long certificate goes out in datagrams of at most 1200 bytes, in both roles', async () => {
    const long = identity([...P256, ...LONG]);
    stops.push(() => long.remove());
    const certificate = { ...ours, certificatePem: long.certificatePem, privateKeyPem: long.privateKeyPem };
    const end = await passive({ certificate });
    connect(end.port, ['-use_srtp', PROFILES[0][0]], SUITES[0]!);
    const { end: start } = await active({ certificate }, ['-use_srtp', PROFILES[0][0]], SUITES[0]!);

    await until(() => end.association.state === 'done' && start.association.state === 'done');

    for (const { sentBytes } of [end, start]) {
      expect(Math.max(...sentBytes)).toBeLessThanOrEqual(1200);
      expect(sentBytes.filter((bytes) => bytes > 1000).length).toBeGreaterThanOrEqual(2);
    }
  });

  test('a peer with another certificate than signaling named gets no keys from us, in either role', async () => {
    const other = identity(P256);
    stops.push(() => other.remove());
    const end = await passive({});
    connect(end.port, ['-use_srtp', PROFILES[0][0]], SUITES[0]!, other);
    const { end: start } = await active({}, ['-use_srtp', PROFILES[0][0]], SUITES[0]!, other);

    await until(() => end.association.state === 'failed' && start.association.state === 'failed');

    for (const { association } of [end, start]) {
      expect(association.failure).toBe('fingerprint_mismatch');
      expect(association.keys()).toBeUndefined();
    }
  });

  test('an impostor with the right certificate and not its key gets no keys from us, in either role', async () => {
    const impostor = identity(P256);
    stops.push(() => impostor.remove());
    forge(impostor, peer);
    expect(impostor.fingerprint).toEqual(peer.fingerprint);
    const end = await passive({});
    const client = connect(end.port, ['-use_srtp', PROFILES[0][0]], SUITES[0]!, impostor);
    const { end: start, server } = await active({}, ['-use_srtp', PROFILES[0][0]], SUITES[0]!, impostor);

    await until(() => end.association.state === 'failed' && start.association.state === 'failed');

    for (const { association } of [end, start]) {
      expect(association.failure).toBe('handshake_failed');
      expect(association.keys()).toBeUndefined();
    }
    await until(() => [client, server].every(({ said }) => said.includes('alert decrypt error')));
  });

  test('a certificate whose key can be computed is refused, though it is the one that signaling named', async () => {
    const weak = identity(['-newkey', 'rsa:1024']);
    stops.push(() => weak.remove());
    const end = await passive({ fingerprints: [weak.fingerprint] });
    connect(end.port, ['-use_srtp', PROFILES[0][0], '-cipher', 'DEFAULT:@SECLEVEL=0'], SUITES[0]!, weak);

    await until(() => end.association.state === 'failed');

    expect(end.association.failure).toBe('handshake_failed');
    expect(end.association.keys()).toBeUndefined();
  });

  test('a peer that shows no certificate gets no keys', async () => {
    const end = await passive({});
    const client = new OpensslPeer(program(), [
      ...['s_client', '-dtls1_2', '-connect', `127.0.0.1:${end.port}`, '-use_srtp', PROFILES[0][0]],
    ]);
    stops.push(() => client.stop());

    await until(() => end.association.state === 'failed');

    expect(end.association.failure).toBe('handshake_failed');
  });

  test('a peer that knows nothing of SRTP fails with no_profile, in either role', async () => {
    const end = await passive({});
    connect(end.port, [], SUITES[0]!);
    const { end: start } = await active({}, [], SUITES[0]!);

    await until(() => end.association.state === 'failed' && start.association.state === 'failed');

    expect([end.association.failure, start.association.failure]).toEqual(['no_profile', 'no_profile']);
  });

  test.each([
    ['DTLS 1.0', ['-dtls1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['a cipher without forward secrecy', ['-dtls1_2', '-cipher', 'AES128-GCM-SHA256']],
    ['a cipher that is no AEAD', ['-dtls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA']],
  ])('a peer that has only %s is refused', async (_, args) => {
    const end = await passive({});
    const client = new OpensslPeer(program(), [
      ...['s_client', ...args, '-connect', `127.0.0.1:${end.port}`, '-use_srtp', PROFILES[0][0]],
      ...['-cert', peer.certificatePath, '-key', peer.keyPath],
    ]);
    stops.push(() => client.stop());

    await until(() => end.association.state === 'failed');

    expect(end.association.failure).toBe('handshake_failed');
  });

  test('a renegotiation is refused, and the peer leaves', async () => {
    const end = await passive({});
    const client = connect(end.port, ['-use_srtp', PROFILES[0][0]], SUITES[0]!);
    await until(() => client.keyingMaterial !== undefined);

    client.type('R');

    await until(() => client.said.includes('no renegotiation'));
    await until(() => end.association.failure === 'closed_by_peer');
    expect(end.association.keys()).toBeUndefined();
  });
});

async function passive(options: Partial<DtlsOptions>): Promise<DtlsOnSocket> {
  const end = await DtlsOnSocket.open(createDtls(exported())(optionsOf('passive', options)));
  stops.push(() => end.close());
  return end;
}

async function active(
  options: Partial<DtlsOptions>,
  args: readonly string[],
  suite: SrtpSuite,
  who = peer,
): Promise<{ end: DtlsOnSocket; server: OpensslPeer }> {
  const port = await freeUdpPort();
  const server = new OpensslPeer(program(), [
    ...['s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, '-Verify', '1', ...common(who, suite), ...args],
  ]);
  stops.push(() => server.stop());
  await until(() => isUdpPortTaken(port));
  const end = await DtlsOnSocket.open(createDtls(exported())(optionsOf('active', options)));
  stops.push(() => end.close());
  end.startTowards(port);
  return { end, server };
}

function connect(port: number, args: readonly string[], suite: SrtpSuite, who = peer): OpensslPeer {
  const client = new OpensslPeer(program(), [
    ...['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, ...common(who, suite), ...args],
  ]);
  stops.push(() => client.stop());
  return client;
}

function common({ certificatePath, keyPath }: PeerIdentity, suite: SrtpSuite): readonly string[] {
  const exporter = ['-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', `${2 * keySaltBytes(suite)}`];
  return ['-cert', certificatePath, '-key', keyPath, ...exporter];
}

function optionsOf(role: DtlsOptions['role'], options: Partial<DtlsOptions>): DtlsOptions {
  const usual = { certificate: ours, suites: SUITES, fingerprints: [peer.fingerprint], cookies: true };
  return { role, ...usual, ...options };
}

/** Client key, server key, client salt, server salt (RFC 5764 §4.2), as the exporter gives them. */
function materialOf({ association }: DtlsOnSocket, role: DtlsOptions['role'], suite: SrtpSuite): string | undefined {
  const keys = association.keys();
  if (keys?.suite !== suite) return undefined;
  const { keyBytes } = keyLengths(suite);
  const [client, server] = role === 'active' ? [keys.send, keys.receive] : [keys.receive, keys.send];
  const parts = [client.subarray(0, keyBytes), server.subarray(0, keyBytes), client.subarray(keyBytes)];
  return Buffer.concat([...parts, server.subarray(keyBytes)])
    .toString('hex')
    .toUpperCase();
}

/** Gives the impostor the victim's certificate, and a key that claims to belong to it and does not. */
function forge(impostor: PeerIdentity, victim: PeerIdentity): void {
  const theirs = createPrivateKey(victim.privateKeyPem).export({ format: 'jwk' });
  const own = createPrivateKey(impostor.privateKeyPem).export({ format: 'jwk' });
  const forged = createPrivateKey({ format: 'jwk', key: { ...theirs, d: own.d ?? '' } });
  writeFileSync(impostor.keyPath, forged.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(impostor.certificatePath, victim.certificatePem);
}

function identity(request: readonly string[]): PeerIdentity {
  return new PeerIdentity(program(), request);
}

function program(): string {
  if (openssl === undefined) throw new Error('openssl is missing');
  return openssl;
}

function exported(): DtlsExports {
  if (!addon) throw new Error('the addon is missing');
  return addon;
}
