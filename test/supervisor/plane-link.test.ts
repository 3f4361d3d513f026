import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { encodeFrame } from '../../src/link/frame.ts';
import { LINK_VERSION } from '../../src/link/messages.ts';
import { PlaneLink } from '../../src/supervisor/plane-link.ts';

let folder: string;
let server: Server;
let clock: ManualClock;
let link: PlaneLink;
let sockets: Socket[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-link-'));
  clock = new ManualClock();
  link = new PlaneLink({ clock, log: silentLog, life: '00' });
  sockets = [];
  server = createServer((socket) => link.accept(socket));
  server.listen(join(folder, 's'));
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('a plane is known from its hello on, and silent from its last word on', async () => {
  const plane = await connectPlane();

  expect(link.silentMs('call')).toBeUndefined();
  await tell(plane, hello(11), () => link.report('call')?.pid === 11);
  await tell(plane, heartbeat(['no_routes']), () => link.report('call')?.heartbeat !== undefined);
  clock.advance(1500);

  expect(link.report('call')?.heartbeat?.conditions).toEqual(['no_routes']);
  expect(link.silentMs('call')).toBe(1500);
});

test('who speaks before a hello, or another version, is hung up on', async () => {
  const early = await connectPlane();
  const other = await connectPlane();

  await Promise.all([
    hungUp(early, heartbeat([])),
    hungUp(other, { kind: 'hello', version: LINK_VERSION + 1, plane: 'call', life: '01', pid: 1 }),
  ]);

  expect(link.report('call')).toBeUndefined();
});

test('the last words of a process that is gone are not taken for its successor’s', async () => {
  const old = await connectPlane();
  await tell(old, hello(11), () => link.report('call')?.pid === 11);
  const next = await connectPlane();
  await tell(next, hello(12), () => link.report('call')?.pid === 12);

  old.write(frame(heartbeat(['old'])));
  await tell(next, heartbeat(['new']), () => link.report('call')?.heartbeat !== undefined);

  expect(link.report('call')).toMatchObject({ pid: 12, heartbeat: { conditions: ['new'] } });
});

test('a plane forgotten stays forgotten until it says hello again', async () => {
  const plane = await connectPlane();
  await tell(plane, hello(11), () => link.report('call')?.pid === 11);
  link.forget('call');

  plane.write(frame(heartbeat([])));
  await tell(plane, { ...hello(13), plane: 'governance' }, () => link.report('governance') !== undefined);

  expect(link.report('call')).toBeUndefined();
});

test('a call plane is told whether to drain once somebody said so, and its next life is too', async () => {
  const heard: unknown[] = [];
  const plane = await connectPlane();
  plane.on('data', (chunk: Buffer) => heard.push(...chunk.toString('latin1').matchAll(/"on":(true|false)/g)));
  await tell(plane, hello(11), () => link.report('call')?.pid === 11);
  expect(heard).toEqual([]);

  link.drain(true);
  const next = await connectPlane();
  const told = once(next, 'data');
  await tell(next, hello(12), () => link.report('call')?.pid === 12);

  expect(String(await told)).toContain('"on":true');
  link.drain(false);
  const last = await connectPlane();
  const toldLast = once(last, 'data');
  await tell(last, hello(13), () => link.report('call')?.pid === 13);
  expect(String(await toldLast)).toContain('"on":false');
});

test('what a plane was told by an earlier supervisor holds, until it is told otherwise', async () => {
  const plane = await connectPlane();
  await tell(plane, hello(11), () => link.report('call')?.pid === 11);
  await tell(plane, heartbeat([], { draining: true }), () => link.report('call')?.heartbeat !== undefined);
  expect(link.isDraining).toBe(true);

  link.drain(false);
  await tell(plane, heartbeat(['late'], { draining: true }), () => conditions().includes('late'));

  expect(link.isDraining).toBe(false);
});

test('closing hangs up on everybody, so that the socket can be given back', async () => {
  const plane = await connectPlane();
  await tell(plane, hello(11), () => link.report('call')?.pid === 11);

  link.close();

  await once(plane, 'close');
});

async function connectPlane(): Promise<Socket> {
  const socket = connect(join(folder, 's'));
  sockets.push(socket);
  await once(socket, 'data');
  socket.resume();
  return socket;
}

async function tell(socket: Socket, message: unknown, isHeard: () => boolean): Promise<void> {
  socket.write(frame(message));
  while (!isHeard()) await new Promise(setImmediate);
}

async function hungUp(socket: Socket, message: unknown): Promise<void> {
  const closed = once(socket, 'close');
  socket.write(frame(message));
  await closed;
}

function frame(message: unknown): Uint8Array {
  return encodeFrame(Buffer.from(JSON.stringify(message)));
}

function hello(pid: number) {
  return { kind: 'hello', version: LINK_VERSION, plane: 'call', life: '01', pid };
}

function heartbeat(conditions: readonly string[], status: Readonly<Record<string, boolean>> = {}) {
  return { kind: 'heartbeat', ready: true, conditions, status, metrics: [] };
}

function conditions(): readonly string[] {
  return link.report('call')?.heartbeat?.conditions ?? [];
}
