import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { WebSocketChannel } from '../../../../src/call/signaling/transport/web-socket-channel.ts';
import { MAX_MESSAGE_BYTES } from '../../../../src/protocol/sip/frame.ts';
import { options, PortRig, until } from './port-rig.ts';
import type { RigOptions } from './port-rig.ts';
import { peer } from './transport-stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(rigOptions: RigOptions = {}): Promise<PortRig> {
  const rig = await PortRig.open('ws', rigOptions);
  closing.push(() => rig.port.close());
  return rig;
}

/** How an upgrade went: the socket, or the status it was refused with. */
function upgrade(
  rig: PortRig,
  { path = '/', protocol = 'sip', ...settings }: ClientOptions & { path?: string; protocol?: string } = {},
): Promise<WebSocket | number> {
  const url = `ws://127.0.0.1:${rig.port.local.port}${path}`;
  const socket = new WebSocket(url, protocol === '' ? [] : protocol.split(','), settings);
  socket.on('error', () => undefined);
  closing.push(() => socket.terminate());
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
}

async function opened(rig: PortRig, settings: Parameters<typeof upgrade>[1] = {}): Promise<WebSocket> {
  const socket = await upgrade(rig, settings);
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  return socket;
}

test('a text and a binary message are each one SIP message', async () => {
  const rig = await open();
  const socket = await opened(rig);

  socket.send(options(1));
  socket.send(Buffer.from(options(2)));
  // Content-Length may be left out: the frame says where it ends (RFC 7118 §5).
  socket.send('OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\n');
  await rig.until(() => rig.framed.length === 3);

  expect([rig.said(0), rig.said(1)]).toEqual([options(1), options(2)]);
  expect(rig.said(2)).toContain('To: x');
  expect(socket.protocol).toBe('sip');
});

test('what goes back is text where it is text, and its very bytes where it is not', async () => {
  const rig = await open();
  const ws = await peer({ transport: 'ws' }, closing);
  const line = await ws.call(rig.port.local.port);
  line.send(options());
  await rig.until(() => rig.framed.length === 1);
  const to = { address: '127.0.0.1', port: 0, flow: rig.framed[0]?.from.flow };
  const latin = Buffer.from('SIP/2.0 200 d\xe9j\xe0\r\nl: 0\r\n\r\n', 'latin1');

  rig.port.send(Buffer.from('SIP/2.0 200 OK\r\nl: 0\r\n\r\n'), to);
  rig.port.send(latin, to);

  await ws.next('SIP/2.0 200 OK');
  const binary = await ws.next('(binary) SIP/2.0 200');
  expect(binary.bytes).toEqual(latin);
});

test('a page is let in by its origin, and only by one that was named', async () => {
  const rig = await open({ listener: { origins: ['https://phone.example'] } });

  const outcomes = await Promise.all([
    upgrade(rig, { origin: 'https://phone.example' }),
    upgrade(rig, { origin: 'https://evil.example' }),
    upgrade(rig, { origin: 'https://phone.example.evil.example' }),
    upgrade(rig, { origin: 'null' }),
    upgrade(rig),
  ]);

  expect(outcomes.map((one) => (typeof one === 'number' ? one : 'open'))).toEqual(['open', 403, 403, 403, 'open']);
  expect(rig.events.filter((event) => event === 'bad_origin')).toHaveLength(3);
});

test('with no origin named no page at all is let in, and with a star every one is', async () => {
  const closed = await open();
  const wide = await open({ listener: { origins: ['*'] } });

  expect(await upgrade(closed, { origin: 'https://phone.example' })).toBe(403);
  expect(typeof (await upgrade(wide, { origin: 'https://anything.example' }))).toBe('object');
});

test('another path, another subprotocol or none, and plain HTTP are refused', async () => {
  const rig = await open({ listener: { path: '/sip' } });

  const outcomes = await Promise.all([
    upgrade(rig, { path: '/sip?token=x' }),
    upgrade(rig, { path: '/' }),
    upgrade(rig, { path: '/sip', protocol: 'chat' }),
    upgrade(rig, { path: '/sip', protocol: '' }),
    upgrade(rig, { path: '/sip', protocol: 'chat,sip' }),
  ]);
  const page = await fetch(`http://127.0.0.1:${rig.port.local.port}/sip`);

  expect(outcomes.map((one) => (typeof one === 'number' ? one : 'open'))).toEqual(['open', 400, 400, 400, 'open']);
  expect(page.status).toBe(426);
  await until(() => rig.census.size === 2);
});

test('compression is never agreed on', async () => {
  const rig = await open();

  const socket = await opened(rig, { perMessageDeflate: true });

  expect(socket.extensions).toBe('');
});

test('a message beyond the limit ends its connection, and a malformed one does not', async () => {
  const rig = await open();
  const large = await opened(rig);
  const odd = await opened(rig);
  const closed = new Promise<number>((resolve) => large.once('close', resolve));

  large.send('x'.repeat(MAX_MESSAGE_BYTES + 1));
  odd.send('OPTIONS sip:a@b SIP/2.0\nTo: x\r\n\r\n');
  odd.send(options());
  await rig.until(() => rig.framed.length === 2);

  expect(await closed).toBe(1009);
  expect([rig.said(0), rig.said(1)]).toEqual(['bare_newline', options()]);
});

test('an HTTP head that drips in, or is too large, ends its connection', async () => {
  const rig = await open();
  const slow = connect(rig.port.local.port, '127.0.0.1');
  const huge = connect(rig.port.local.port, '127.0.0.1');
  for (const socket of [slow, huge]) socket.on('error', () => undefined);
  const closed = [slow, huge].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  slow.write('GET / HTTP/1.1\r\nHost: x\r\n');
  huge.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n`);
  await closed[1];
  await rig.untilEvent('accepted', 2);

  rig.clock.advance(10_500);
  await closed[0];

  expect(rig.events).toContain('half_open');
  await until(() => rig.census.size === 0);
});

test('a quiet peer is asked whether it lives, and let go when it does not answer', async () => {
  const rig = await open({ limits: { askEveryMs: 30_000, halfOpenMs: 1e9 } });
  const living = await opened(rig);
  const dead = await opened(rig, { autoPong: false });
  await rig.untilEvent('accepted', 2);
  let asked = 0;
  const isAsked = new Promise((resolve) => dead.once('ping', resolve));
  living.on('ping', () => (asked += 1));
  const closed = new Promise((resolve) => dead.once('close', resolve));

  for (let round = 1; round <= 3; round += 1) {
    rig.clock.advance(30_000);
    if (round < 3) await until(() => asked === round);
    // The network has its own time: what is sent after the answer arrives after it.
    living.send(options(round));
    await rig.until(() => rig.framed.length === round);
  }
  await Promise.all([isAsked, closed]);

  expect(rig.events).toContain('dead_peer');
  expect(rig.census.size).toBe(1);
});

test('pings are answered as long as the answers are read, and no longer', () => {
  const done: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    bufferedAmount: 0,
    pong: () => done.push('pong'),
    terminate: () => done.push('terminate'),
  });
  let heard = 0;
  const ears = { onHeard: () => void (heard += 1), onItem: () => true, onPartial: () => undefined };
  new WebSocketChannel(socket as unknown as WebSocket, { ears, maxQueuedBytes: 50_000 });

  socket.emit('ping', Buffer.alloc(125));
  socket.bufferedAmount = 50_001;
  socket.emit('ping', Buffer.alloc(125));
  socket.emit('pong', Buffer.alloc(0));

  expect(done).toEqual(['pong', 'terminate']);
  expect(heard).toBe(3);
});

test('a next hop by WebSocket is called once, and a server that speaks no SIP is a failed hop', async () => {
  const rig = await open();
  const ws = await peer({ transport: 'ws' }, closing);
  const plain = await peer({ transport: 'tcp' }, closing);
  const invite = Buffer.from(options());
  let failed = 0;

  rig.port.send(invite, { address: '127.0.0.1', port: ws.port, domain: 'pbx.example' });
  rig.port.send(invite, { address: '127.0.0.1', port: ws.port, domain: 'pbx.example' });
  await ws.next('OPTIONS');
  await ws.next('OPTIONS');
  rig.port.send(invite, { address: '127.0.0.1', port: plain.port }, () => (failed += 1));
  await rig.untilEvent('opened');
  rig.clock.advance(3000);
  await until(() => failed === 1);

  expect(ws.ways).toBe(1);
});
