import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { TlsClient } from '../../../../src/call/signaling/transport/dial.ts';
import { options, PortRig, until } from './port-rig.ts';
import type { RigOptions } from './port-rig.ts';
import { CA, identity } from './test-peer.ts';
import type { PeerOptions, TestPeer } from './test-peer.ts';
import { NODE_TLS, peer } from './transport-stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const INVITE = Buffer.from('INVITE sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n');
const MUTUAL: RigOptions = { listener: { tls: { ...NODE_TLS, requireClientCertificate: true } } };

async function open(
  rigOptions: RigOptions = {},
  from: Partial<PeerOptions> = {},
): Promise<{ rig: PortRig; tls: TestPeer }> {
  const rig = await PortRig.open('tls', rigOptions);
  closing.push(() => rig.port.close());
  return { rig, tls: await peer({ transport: 'tls', ...from }, closing) };
}

/** What becomes of a request to that peer by that name: it arrived, or it is known that it did not. */
async function sendTo(
  certificate: string,
  domain: string | undefined,
  client: TlsClient = { ca: CA, verify: true },
): Promise<{ outcome: 'arrived' | 'failed'; rig: PortRig }> {
  const { rig, tls } = await open({ tlsClient: client }, { certificate });
  const arrived = tls.next('INVITE').then(() => 'arrived' as const);
  const failed = new Promise<'failed'>((resolve) => {
    rig.port.send(INVITE, { address: '127.0.0.1', port: tls.port, domain }, () => resolve('failed'));
  });
  return { outcome: await Promise.race([arrived, failed]), rig };
}

test.each([
  ['of the name we mean', 'peer', 'peer.example'],
  ['of the address we mean', 'peer', undefined],
  ['of the address, as the URI wrote it', 'node', '[::1]'],
  ['of the SIP domain we mean (RFC 5922)', 'sip-domain', 'sip.example'],
])('a server with the certificate %s is spoken to', async (_name, certificate, domain) => {
  expect((await sendTo(certificate, domain)).outcome).toBe('arrived');
});

test.each([
  ['for another name', 'peer', 'pbx.example'],
  ['for another address', 'sip-domain', undefined],
  ['whose host name fits, but whose SIP domain is another', 'sip-domain', 'www.example'],
  ['of an authority we do not know', 'stranger', 'stranger.example'],
])(
  'a server with a certificate %s gets no byte of ours, and the request is known to have failed',
  async (_n, cert, domain) => {
    const { outcome, rig } = await sendTo(cert, domain);

    expect(outcome).toBe('failed');
    expect(rig.events).toEqual(['certificate_refused']);
  },
);

test('without verification any certificate is taken, which has to be asked for', async () => {
  const { outcome } = await sendTo('stranger', 'pbx.example', { verify: false });

  expect(outcome).toBe('arrived');
});

test('a client without a certificate, or with a stranger’s, is turned away where one is required', async () => {
  const { rig, tls } = await open(MUTUAL);
  const bare = await peer({ transport: 'tls', certificate: null }, closing);
  const stranger = await peer({ transport: 'tls', certificate: 'stranger' }, closing);

  const refused = await Promise.all([bare, stranger].map((one) => one.call(rig.port.local.port)));
  for (const line of refused) line.send(options());
  await Promise.all(refused.map(({ closed }) => closed));
  const line = await tls.call(rig.port.local.port);
  line.send(options(7));
  await rig.until(() => rig.framed.length === 1);

  expect(rig.said(0)).toBe(options(7));
  expect(rig.events.filter((event) => event === 'certificate_refused')).toHaveLength(2);
  await until(() => rig.census.size === 1);
});

test('no session is taken up again: each connection shows its certificate', async () => {
  const { rig } = await open(MUTUAL);
  const first = connect({ host: '127.0.0.1', port: rig.port.local.port, ca: CA, ...identity('peer') });
  closing.push(() => first.destroy());
  await new Promise((resolve) => first.once('secureConnect', resolve));
  first.write(options());
  await rig.until(() => rig.framed.length === 1);

  const again = connect({ host: '127.0.0.1', port: rig.port.local.port, ca: CA, session: first.getSession() });
  again.on('error', () => undefined);
  again.write(options(2));
  await new Promise((resolve) => again.once('close', resolve));

  expect(rig.framed).toHaveLength(1);
  expect(rig.events).toEqual(['accepted', 'accepted', 'certificate_refused']);
});

test('without that demand a client needs no certificate', async () => {
  const { rig, tls } = await open({}, { certificate: null });
  const line = await tls.call(rig.port.local.port);

  line.send(options());
  await rig.until(() => rig.framed.length === 1);

  expect(rig.said(0)).toBe(options());
});

test('we show our certificate to a server that asks, and a server that wants another is a failed hop at once', async () => {
  const server = await peer({ transport: 'tls', demandsCertificate: true }, closing);
  const ours = await PortRig.open('tls', { tlsClient: { ca: CA, ...identity('node'), verify: true } });
  const without = await PortRig.open('tls', { tlsClient: { ca: CA, verify: true } });
  closing.push(
    () => ours.port.close(),
    () => without.port.close(),
  );
  const to = { address: '127.0.0.1', port: server.port };
  let failed = 0;

  ours.port.send(INVITE, to);
  await server.next('INVITE');
  without.port.send(INVITE, to, () => (failed += 1));
  await until(() => failed === 1);

  expect(server.unread).toEqual([]);
});

test('TLS before 1.2 is not spoken', async () => {
  const { rig } = await open();
  const old = connect({
    host: '127.0.0.1',
    port: rig.port.local.port,
    ca: CA,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
  });
  old.on('error', () => undefined);

  await rig.untilEvent('handshake_failed');

  expect(rig.framed).toEqual([]);
});

test('a client that never finishes its handshake is closed, and a server that never does is a failed hop', async () => {
  const { rig } = await open({ limits: { maxConnecting: 2 } });
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  closing.push(() => mute.close());
  const plain = await peer({ transport: 'tcp' }, closing);
  const line = await plain.call(rig.port.local.port);
  await rig.untilEvent('accepted');
  const { port } = mute.address() as AddressInfo;
  const failed: string[] = [];
  for (const domain of ['one', 'two', 'three']) {
    rig.port.send(INVITE, { address: '127.0.0.1', port, domain }, () => failed.push(domain));
  }
  // Two are under way; the third is told at once.
  await until(() => failed.length === 1);
  expect(failed).toEqual(['three']);

  rig.clock.advance(3000);
  await until(() => failed.length === 3);
  rig.clock.advance(8000);
  await line.closed;

  expect(rig.events).toEqual(['accepted', 'too_many_connecting', 'connect_timeout', 'connect_timeout', 'half_open']);
  await until(() => rig.census.size === 0);
});

test('a connection is shared only by names that its certificate bears', async () => {
  const { rig, tls } = await open({}, { certificate: 'node' });
  const to = { address: '127.0.0.1', port: tls.port };
  rig.port.send(INVITE, { ...to, domain: 'node.example' });
  await tls.next('INVITE');
  let failed = 0;

  rig.port.send(INVITE, { ...to, domain: '127.0.0.1' });
  await tls.next('INVITE');
  rig.port.send(INVITE, { ...to, domain: 'pbx.example' }, () => (failed += 1));
  await until(() => failed === 1);

  // The second is another name of the same certificate, the third nobody's there.
  expect(rig.events).toEqual(['opened', 'certificate_refused']);
});

/** A request by a peer's own connection that asks for it to be used for what we send there (RFC 5923). */
function aliased(sentBy: string): string {
  return options(1).replace('SIP/2.0/TCP 127.0.0.1;', `SIP/2.0/TLS ${sentBy};alias;`);
}

test('a peer with a certificate is called by the connection it opened, if it asks so and the name fits', async () => {
  const { rig, tls } = await open({ listener: { tls: { ...NODE_TLS, requireClientCertificate: true } } });
  const line = await tls.call(rig.port.local.port);
  line.send(aliased('peer.example:5099'));
  await rig.until(() => rig.framed.length === 1);
  let failed = 0;

  rig.port.send(INVITE, { address: '127.0.0.1', port: 5099, domain: 'peer.example' });
  const invite = await tls.next('INVITE');
  rig.port.send(INVITE, { address: '127.0.0.1', port: 5099, domain: 'other.example' }, () => (failed += 1));
  await until(() => failed === 1);

  expect(invite.way).toBe(-1);
  expect(rig.events).toEqual(['accepted', 'connect_failed']);
});

test('who showed no certificate cannot have what is sent to another port of its address', async () => {
  const { rig } = await open();
  const thief = await peer({ transport: 'tls', certificate: null }, closing);
  const victim = await peer({ transport: 'tls' }, closing);
  const line = await thief.call(rig.port.local.port);
  line.send(aliased(`127.0.0.1:${victim.port}`));
  await rig.until(() => rig.framed.length === 1);

  rig.port.send(INVITE, { address: '127.0.0.1', port: victim.port });
  await victim.next('INVITE');

  expect(thief.unread).toEqual([]);
});

test('nor can it take the place of another peer over TCP', async () => {
  const rig = await PortRig.open('tcp');
  closing.push(() => rig.port.close());
  const thief = await peer({ transport: 'tcp' }, closing);
  const victim = await peer({ transport: 'tcp' }, closing);
  const line = await thief.call(rig.port.local.port);
  line.send(aliased(`127.0.0.1:${victim.port}`).replace('TLS', 'TCP'));
  await rig.until(() => rig.framed.length === 1);

  rig.port.send(INVITE, { address: '127.0.0.1', port: victim.port });
  await victim.next('INVITE');

  expect(thief.unread).toEqual([]);
});
