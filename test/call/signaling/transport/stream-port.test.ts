import fc from 'fast-check';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../../../src/protocol/sip/frame.ts';
import { options, PortRig, until } from './port-rig.ts';
import type { RigOptions } from './port-rig.ts';
import type { TestPeer } from './test-peer.ts';
import { peer } from './transport-stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(rigOptions: RigOptions = {}): Promise<{ rig: PortRig; tcp: TestPeer }> {
  const rig = await PortRig.open('tcp', rigOptions);
  closing.push(() => rig.port.close());
  return { rig, tcp: await peer({ transport: 'tcp' }, closing) };
}

const OK = Buffer.from('SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n');
const INVITE = Buffer.from('INVITE sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n');

test('an answer goes back by the connection its request came on', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  line.send(options());
  await rig.until(() => rig.framed.length === 1);

  const from = rig.framed[0]?.from;
  rig.port.send(OK, { address: '127.0.0.1', port: tcp.port, flow: from?.flow });

  expect((await tcp.next('SIP/2.0 200')).way).toBe(-1);
  expect(tcp.ways).toBe(0);
  expect(from).toMatchObject({ address: '127.0.0.1', port: line.localPort });
});

test('with that connection lost the answer goes to where its Via listens, by a new one', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  line.send(options());
  await rig.until(() => rig.framed.length === 1);
  const flow = rig.framed[0]?.from.flow;
  line.close();
  await until(() => rig.census.size === 0);

  rig.port.send(OK, { address: '127.0.0.1', port: tcp.port, flow });

  expect((await tcp.next('SIP/2.0 200')).way).toBe(0);
});

test('what is reached by its flow alone is not called when that is gone', async () => {
  const { rig, tcp } = await open();
  let failed = 0;

  rig.port.send(OK, { address: '127.0.0.1', port: 0, flow: '0123456789abcdef' }, () => (failed += 1));
  await until(() => failed === 1);

  expect(rig.events).toEqual(['flow_gone']);
  expect(rig.port.hasFlow('0123456789abcdef')).toBe(false);
  expect(tcp.ways).toBe(0);
});

test('all requests to one place share a connection, those sent before it is open too, and in their order', async () => {
  const { rig, tcp } = await open();
  const to = { address: '127.0.0.1', port: tcp.port };
  for (let cseq = 1; cseq <= 5; cseq += 1) rig.port.send(Buffer.from(options(cseq)), to);
  const first = [await tcp.next('OPTIONS'), await tcp.next('OPTIONS'), await tcp.next('OPTIONS')];
  rig.port.send(Buffer.from(options(6)), to);
  const rest = [await tcp.next('OPTIONS'), await tcp.next('OPTIONS'), await tcp.next('OPTIONS')];

  const order = [...first, ...rest].map(({ text }) => /^CSeq: (\d)/m.exec(text)?.[1]);
  expect(order).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(tcp.ways).toBe(1);
  expect(rig.events).toEqual(['opened']);
});

test('where nobody listens it is known at once, and the next try is a new one', async () => {
  const { rig, tcp } = await open();
  const to = { address: '127.0.0.1', port: tcp.port };
  await tcp.close();
  let failed = 0;

  rig.port.send(INVITE, to, () => (failed += 1));
  rig.port.send(INVITE, to, () => (failed += 1));
  expect(failed).toBe(0);
  await until(() => failed === 2);
  rig.port.send(INVITE, to, () => (failed += 1));
  await until(() => failed === 3);

  expect(rig.events).toEqual(['connect_failed', 'connect_failed']);
  expect(rig.errors).toContain('ECONNREFUSED');
  expect(rig.census.size).toBe(0);
});

test('what was sent to a peer that hangs up without a word is known to be lost', async () => {
  const { rig } = await open();
  const rude = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
  closing.push(() => rude.close());
  let failed = 0;

  rig.port.send(INVITE, { address: '127.0.0.1', port: (rude.address() as AddressInfo).port }, () => (failed += 1));
  await until(() => failed === 1);

  expect(failed).toBe(1);
});

test('once the peer answered anything, a connection that ends is no failure of what was sent', async () => {
  const { rig, tcp } = await open();
  let failed = 0;
  rig.port.send(INVITE, { address: '127.0.0.1', port: tcp.port }, () => (failed += 1));
  const invite = await tcp.next('INVITE');
  invite.reply('SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n');
  await rig.until(() => rig.framed.length === 1);

  await tcp.close();
  await until(() => rig.census.size === 0);
  await new Promise((resolve) => setImmediate(resolve));

  expect(failed).toBe(0);
});

test('connections are capped for each source, and those that stay are not disturbed', async () => {
  const { rig, tcp } = await open({ limits: { maxConnectionsPerSource: 10 } });
  const lines = await Promise.all(Array.from({ length: 10 }, () => tcp.call(rig.port.local.port)));
  await rig.untilEvent('accepted', 10);

  const more = await Promise.all(Array.from({ length: 40 }, () => tcp.call(rig.port.local.port)));
  await Promise.all(more.map(({ closed }) => closed));
  lines[0]?.send(options());
  await rig.until(() => rig.framed.length === 1);

  expect(rig.events.filter((event) => event === 'too_many_from_source')).toHaveLength(40);
  expect(rig.census.size).toBe(10);
  lines[1]?.close();
  await until(() => rig.census.size === 9);
  await tcp.call(rig.port.local.port);
  await until(() => rig.census.size === 10);
});

test('a thousand connections at once: so many are let in as may be, in all and each second, and the rest are cut', async () => {
  const limits = { maxConnections: 200, maxConnectionsPerSource: 10_000, maxAcceptsPerSourcePerSecond: 500 };
  const { rig, tcp } = await open({ limits });
  const refused = (): number => rig.events.filter((event) => event !== 'accepted').length;

  for (let batch = 0; batch < 5; batch += 1) {
    await Promise.all(Array.from({ length: 200 }, () => tcp.call(rig.port.local.port)));
  }
  await rig.until(() => refused() === 850);

  expect(rig.census.size).toBe(150);
  expect(new Set(rig.events)).toEqual(new Set(['accepted', 'too_many_connections', 'too_often_from_source']));
});

test('who connects and says nothing is closed, and pings are nothing', async () => {
  const { rig, tcp } = await open();
  const silent = await tcp.call(rig.port.local.port);
  const pinging = await tcp.call(rig.port.local.port);
  const talking = await tcp.call(rig.port.local.port);
  pinging.send('\r\n\r\n');
  talking.send(options());
  await rig.until(() => rig.framed.length === 1);
  await tcp.next('PONG');

  rig.clock.advance(10_500);
  await Promise.all([silent.closed, pinging.closed]);

  expect(rig.events.filter((event) => event === 'half_open')).toHaveLength(2);
  expect(rig.census.size).toBe(1);
});

test('a message that drips in is given up, however steadily it drips', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  line.send(options());
  await rig.until(() => rig.framed.length === 1);
  const drops = options().slice(0, 80);
  let heard = 0;
  for (const drop of drops.slice(0, 20)) {
    line.send(drop);
    heard += 1;
    rig.clock.advance(600);
    await new Promise((resolve) => setImmediate(resolve));
    if (rig.events.includes('slow_message')) break;
  }
  await line.closed;

  expect(rig.events).toContain('slow_message');
  expect(heard).toBeLessThanOrEqual(20);
});

test.each([
  ['a head without end', `OPTIONS sip:a@b SIP/2.0\r\n${'X: y\r\n'.repeat(4000)}`, 'head_too_large'],
  ['a body beyond the limit', `OPTIONS sip:a@b SIP/2.0\r\nl: ${MAX_BODY_BYTES + 1}\r\n\r\n`, 'body_too_large'],
  ['no Content-Length', 'OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\n', 'no_content_length'],
  ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'no_content_length'],
  ['a TLS hello in the clear', '\x16\x03\x01\x02\x00\x01\x00', 'leading_space'],
])('%s is reported with its word and ends its connection', async (_name, text, reason) => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);

  line.send(`${options()}${text}`);
  await line.closed;

  expect(rig.said(0)).toBe(options());
  expect(rig.said(1)).toBe(reason);
  expect(rig.framed).toHaveLength(2);
  expect(rig.events).toEqual(['accepted', 'unframeable']);
});

test('what is answered to a broken stream still gets out before it is closed', async () => {
  const { rig, tcp } = await open({
    onFramed: (framed, from) => {
      if (framed.kind === 'malformed') rig.port.send(Buffer.from('SIP/2.0 400 No\r\nl: 0\r\n\r\n'), from);
    },
  });
  const line = await tcp.call(rig.port.local.port);

  line.send('OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\n');

  expect((await tcp.next('SIP/2.0 400')).way).toBe(-1);
  await line.closed;
});

test('a broken stream that is never read out is cut off all the same', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  line.send('\n');
  await rig.untilEvent('unframeable');

  rig.clock.advance(3000);
  await line.closed;

  expect(rig.census.size).toBe(0);
});

test('no bytes whatever harm it: each stream of garbage ends by itself, and the next is served', async () => {
  const { rig, tcp } = await open();

  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
      const line = await tcp.call(rig.port.local.port);
      line.send(Buffer.from(bytes));
      line.close();
    }),
    { numRuns: 60 },
  );
  const line = await tcp.call(rig.port.local.port);
  line.send(options(99));
  await rig.until(() => rig.said(rig.framed.length - 1) === options(99));
});

test('a ping is answered, whatever it is cut into, and between messages only', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  line.send(`${options()}\r\n`);
  line.send('\r\n');

  await tcp.next('PONG');

  expect(rig.framed).toHaveLength(1);
});

test('a peer that does not read is let go at its limit, while others are served', async () => {
  const { rig, tcp } = await open({ limits: { maxQueuedBytes: 100_000 } });
  const deaf = createServer((socket) => socket.pause());
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const to = { address: '127.0.0.1', port: (deaf.address() as AddressInfo).port };
  closing.push(() => deaf.close());
  const large = Buffer.alloc(50_000, 0x20);
  let lost = 0;
  for (let count = 0; count < 2000 && !rig.events.includes('slow_reader'); count += 1) {
    rig.port.send(large, to, () => (lost += 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => lost > 0);

  rig.port.send(INVITE, { address: '127.0.0.1', port: tcp.port });
  await tcp.next('INVITE');

  expect(rig.events).toContain('slow_reader');
});

test('a flood of pings whose answers are not read costs no more than the limit', async () => {
  const { rig, tcp } = await open({ limits: { maxQueuedBytes: 20_000 } });
  const deaf = await tcp.call(rig.port.local.port);
  const pings = '\r\n\r\n'.repeat(100_000);
  deaf.send(options());
  deaf.send(pings);
  const other = await tcp.call(rig.port.local.port);
  other.send(options(2));

  await rig.until(() => rig.framed.length === 2);

  expect(rig.framed).toHaveLength(2);
});

test('one that sends without pause does not hold up another', async () => {
  const order: number[] = [];
  const { rig, tcp } = await open({
    onFramed: (framed) => {
      if (framed.kind !== 'framed') return;
      order.push(Number(/^CSeq: (\d+)/m.exec(framed.head.bytes.toString('latin1'))?.[1]));
    },
  });
  const flood = await tcp.call(rig.port.local.port);
  const other = await tcp.call(rig.port.local.port);
  await rig.untilEvent('accepted', 2);

  flood.send(options(1).repeat(3000));
  other.send(options(2));
  await rig.until(() => rig.framed.length === 3001);

  expect(order.indexOf(2)).toBeLessThan(2000);
});

test('a connection on which nothing is said is closed in the end', async () => {
  const { rig, tcp } = await open({ limits: { idleMs: 60_000 } });
  const line = await tcp.call(rig.port.local.port);
  line.send(options());
  await rig.until(() => rig.framed.length === 1);
  rig.clock.advance(50_000);
  rig.port.send(OK, { address: '127.0.0.1', port: 0, flow: rig.framed[0]?.from.flow });
  rig.clock.advance(50_000);
  expect(rig.census.size).toBe(1);

  rig.clock.advance(10_000);
  await line.closed;

  expect(rig.events.at(-1)).toBe('idle');
});

test('closing the port closes every connection, and nothing is sent any more', async () => {
  const { rig, tcp } = await open();
  const line = await tcp.call(rig.port.local.port);
  rig.port.send(INVITE, { address: '127.0.0.1', port: tcp.port });
  await tcp.next('INVITE');
  await rig.untilEvent('accepted');

  await rig.port.close();
  await line.closed;
  let failed = 0;
  rig.port.send(INVITE, { address: '127.0.0.1', port: tcp.port }, () => (failed += 1));
  await until(() => failed === 1);

  await until(() => rig.census.size === 0);
  expect(tcp.ways).toBe(1);
});
