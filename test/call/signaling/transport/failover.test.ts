import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import { recordRoutes, startLine } from '../stage.ts';
import { until } from './port-rig.ts';
import { Party, peer, TransportStage } from './transport-stage.ts';
import type { StageOptions } from './transport-stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A caller over UDP, and a clock that stands still: whatever happens, no timer made it. */
async function setUp(options: Pick<StageOptions, 'inside' | 'hops'>): Promise<{
  stage: TransportStage;
  clock: ManualClock;
  alice: Party;
}> {
  const clock = new ManualClock();
  const stage = await TransportStage.open({ outside: [{ transport: 'udp' }], ...options, clock });
  closing.push(() => stage.stop());
  const caller = await peer({ transport: 'udp' }, closing);
  return { stage, clock, alice: new Party(caller, await caller.call(stage.port('outside', 'udp')), 'alice') };
}

/** A port on which nothing listens any more. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const EVERY = [{ transport: 'udp' }, { transport: 'tcp' }, { transport: 'tls' }] as const;

test('a next hop that refuses the connection is left at once for the next, which is met by its own transport', async () => {
  const spare = await peer({ transport: 'udp' }, closing);
  const { stage, alice } = await setUp({
    inside: EVERY,
    hops: [
      { host: '127.0.0.1', port: await deadPort(), transport: 'tcp' },
      { host: '127.0.0.1', port: spare.port, transport: 'udp' },
    ],
  });

  alice.line.send(alice.request('INVITE'));
  const invite = await spare.next('INVITE');

  expect(invite.text).toMatch(/^Via: SIP\/2\.0\/UDP /m);
  expect(recordRoutes(invite)[0]).not.toContain('transport=');
  expect(stage.count('earshot_sip_events_total', { event: 'failover_unsent' })).toBe(1);
});

test('so is one whose certificate is another’s', async () => {
  const wrong = await peer({ transport: 'tls', certificate: 'stranger' }, closing);
  const right = await peer({ transport: 'tls' }, closing);
  const { alice } = await setUp({
    inside: EVERY,
    hops: [
      { host: '127.0.0.1', port: wrong.port, transport: 'tls' },
      { host: '127.0.0.1', port: right.port, transport: 'tls' },
    ],
  });

  alice.line.send(alice.request('INVITE'));

  expect((await right.next('INVITE')).text).toMatch(/^Via: SIP\/2\.0\/TLS /m);
  expect(wrong.unread).toEqual([]);
});

test('one that never finishes to connect is left at the deadline for connecting, well before any timer of its request', async () => {
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  closing.push(() => mute.close());
  const spare = await peer({ transport: 'tcp' }, closing);
  const { stage, clock, alice } = await setUp({
    inside: EVERY,
    hops: [
      { host: '127.0.0.1', port: (mute.address() as AddressInfo).port, transport: 'tls' },
      { host: '127.0.0.1', port: spare.port, transport: 'tcp' },
    ],
  });
  alice.line.send(alice.request('INVITE'));
  await alice.peer.next('SIP/2.0 100');

  clock.advance(3000);
  await spare.next('INVITE');

  expect(stage.connectionEvents('tls', 'connect_timeout')).toBe(1);
});

test('when no other is left its sender is told so at once, whatever it asked for', async () => {
  const { alice } = await setUp({
    inside: EVERY,
    hops: [{ host: '127.0.0.1', port: await deadPort(), transport: 'tcp' }],
  });

  alice.line.send(alice.request('INVITE'));
  const invite = await alice.peer.next('SIP/2.0 5');
  alice.line.send(alice.request('MESSAGE'));
  const message = await alice.peer.next('SIP/2.0 5');

  expect([invite, message].map(startLine)).toEqual(Array(2).fill('SIP/2.0 503 Service Unavailable'));
});

test('a transport that the interface has no listener for is no way out', async () => {
  const { alice } = await setUp({
    inside: [{ transport: 'udp' }],
    hops: [{ host: '127.0.0.1', port: 5061, transport: 'tls' }],
  });

  alice.line.send(alice.request('INVITE'));

  expect(startLine(await alice.peer.next('SIP/2.0 5'))).toBe('SIP/2.0 503 Service Unavailable');
});

test('over a stream nothing is sent twice: not the request, not its refusal, not the ACK', async () => {
  const callee = await peer({ transport: 'tcp' }, closing);
  const caller = await peer({ transport: 'tcp' }, closing);
  const clock = new ManualClock();
  const stage = await TransportStage.open({
    outside: [{ transport: 'tcp' }],
    inside: [{ transport: 'tcp' }],
    hops: [{ host: '127.0.0.1', port: callee.port, transport: 'tcp' }],
    clock,
  });
  closing.push(() => stage.stop());
  const alice = new Party(caller, await caller.call(stage.port('outside', 'tcp')), 'alice');
  alice.line.send(alice.request('INVITE'));
  const invite = await callee.next('INVITE');
  clock.advance(20_000);
  const bob = new Party(callee, await callee.call(stage.port('inside', 'tcp')), 'bob');

  invite.reply(bob.answer(invite, 486));
  await caller.next('SIP/2.0 486');
  await callee.next('ACK');
  clock.advance(20_000);
  // Everything sent before this has arrived once this has.
  alice.line.send(
    alice
      .request('OPTIONS')
      .replace('sip:bob@example.com', `sip:127.0.0.1:${stage.port('outside', 'tcp')};transport=tcp`),
  );
  await caller.next('SIP/2.0 200');

  expect(callee.unread).toEqual([]);
  expect(caller.unread).toEqual(['SIP/2.0 100 Trying']);
  // The client transaction's timers are zero, the server's waits for an ACK that never comes.
  clock.advance(20_000);
  expect(stage.signaling.stats().transactions).toBe(0);
});

test('a target in the dialog that nobody listens at is 503 at once, and its BYE ends the call', async () => {
  const callee = await peer({ transport: 'tcp' }, closing);
  const { stage, alice } = await setUp({
    inside: [{ transport: 'tcp' }],
    hops: [{ host: '127.0.0.1', port: callee.port, transport: 'tcp' }],
  });
  const bob = new Party(callee, await callee.call(stage.port('inside', 'tcp')), 'bob');
  alice.line.send(alice.request('INVITE'));
  const invite = await callee.next('INVITE');
  const nowhere = `Contact: <sip:bob@127.0.0.1:${await deadPort()};transport=tcp>`;
  invite.reply(bob.answer(invite).replace(/^Contact: .*>$/m, nowhere));
  alice.learn(await alice.peer.next('SIP/2.0 200'), 'caller');

  alice.line.send(alice.request('INFO'));
  const info = await alice.peer.next('SIP/2.0 5');
  alice.line.send(alice.request('BYE'));
  const bye = await alice.peer.next('SIP/2.0 5');

  expect([info, bye].map(startLine)).toEqual(Array(2).fill('SIP/2.0 503 Service Unavailable'));
  await until(() => stage.events.at(-1) === 'ended timeout');
});

test('a connection that is lost while it rings is no end: the answer comes by another', async () => {
  const callee = await peer({ transport: 'tcp' }, closing);
  const { stage, alice } = await setUp({
    inside: [{ transport: 'tcp' }],
    hops: [{ host: '127.0.0.1', port: callee.port, transport: 'tcp' }],
  });
  alice.line.send(alice.request('INVITE'));
  const invite = await callee.next('INVITE');
  const bob = new Party(callee, await callee.call(stage.port('inside', 'tcp')), 'bob');
  invite.reply(bob.answer(invite, 180));
  await alice.peer.next('SIP/2.0 180');
  invite.hangUp();

  bob.line.send(bob.answer(invite));

  expect(startLine(await alice.peer.next('SIP/2.0 200'))).toBe('SIP/2.0 200 Whatever');
});

test('a malformed message on a stream is answered with 400 on it, and its connection is closed', async () => {
  const caller = await peer({ transport: 'tcp' }, closing);
  const stage = await TransportStage.open({ outside: [{ transport: 'tcp' }], inside: EVERY, hops: [] });
  closing.push(() => stage.stop());
  const alice = new Party(caller, await caller.call(stage.port('outside', 'tcp')), 'alice');

  alice.line.send(alice.request('INVITE').replace('Content-Length: 0\r\n', ''));
  const refused = await caller.next('SIP/2.0 4');
  await alice.line.closed;

  expect(startLine(refused)).toBe('SIP/2.0 400 Bad Request');
  expect(refused.text).toContain('"no_content_length"');
  expect(stage.connectionEvents('tcp', 'unframeable')).toBe(1);
});

test('a STUN keep-alive is answered to where it came from, as often as refusals are and no more', async () => {
  const { stage, alice } = await setUp({ inside: EVERY, hops: [] });
  const keepalive = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');

  for (let count = 0; count < 60; count += 1) alice.line.send(keepalive);
  await alice.peer.next('\x01\x01');
  alice.line.send(Buffer.from('000100042112a442ffff', 'hex'));
  await until(() => stage.count('earshot_sip_dropped_total', { reason: 'stun' }) === 11);

  expect(stage.count('earshot_sip_dropped_total', { reason: 'keepalive' })).toBe(50);
});
