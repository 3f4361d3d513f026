import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ControlConnection, type ControlEnd } from '../../src/link/control.ts';
import { encodeFrame } from '../../src/link/frame.ts';
import { fromCallPlane, LINK_VERSION, type FromCallPlane, type FromGovernance } from '../../src/link/messages.ts';
import { serveUnixSocket } from '../../src/link/unix-socket.ts';
import { BytePipe } from './byte-pipe.ts';

let folder: string;
let server: Server;
let received: FromCallPlane[];
let ended: Promise<ControlEnd>;
let client: Socket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-link-'));
  received = [];
  const path = join(folder, 'control.sock');
  ended = new Promise((resolve) => {
    void serveUnixSocket(path, (socket) => {
      new ControlConnection<FromCallPlane, FromGovernance>(socket, fromCallPlane, {
        onMessage: (message) => received.push(message),
        onEnd: resolve,
      });
    }).then((listening) => {
      server = listening;
      client = connect(path);
      opened();
    });
  });
  await new Promise<void>((resolve) => (opened = resolve));
});

let opened: () => void = () => undefined;

afterEach(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('a message that fits the border is delivered', async () => {
  const hello = { kind: 'hello', version: LINK_VERSION, plane: 'call', life: 'a', pid: 1 };

  client.end(encodeFrame(Buffer.from(JSON.stringify(hello))));

  expect(await ended).toBe('closed');
  expect(received).toEqual([hello]);
});

test('a message with a field the border does not know ends the connection, and nothing after it is believed', async () => {
  const stranger = { kind: 'hello', version: LINK_VERSION, plane: 'call', life: 'a', pid: 1, sip: 'INVITE' };
  const hello = { kind: 'hello', version: LINK_VERSION, plane: 'call', life: 'a', pid: 1 };

  client.write(Buffer.concat([stranger, hello].map((message) => encodeFrame(Buffer.from(JSON.stringify(message))))));

  expect(await ended).toBe('malformed');
  expect(received).toEqual([]);
});

test('a frame that is not JSON ends the connection', async () => {
  client.write(encodeFrame(Buffer.from('{')));

  expect(await ended).toBe('malformed');
});

test('only the user we run as may open the socket', () => {
  const { mode } = statSync(join(folder, 'control.sock'));

  expect(mode & 0o777).toBe(0o600);
});

test('a snapshot of thousands of calls with long payload maps gets across, or governance could never come back', async () => {
  const id = (letter: string, number: number): string => `${letter}_${number.toString(16).padStart(32, '0')}`;
  const payloads = Array.from({ length: 14 }, (_, payloadType) => ({
    payloadType,
    encoding: 'other',
    clockRateHz: 8000,
  }));
  const leg = (side: string, number: number) => ({
    leg: id('l', number),
    side,
    role: 'agent',
    stream: {
      stream: id('s', number),
      worker: 0,
      secure: true,
      direction: 'sendrecv',
      ptimeMs: 20,
      payloads,
      active: true,
    },
  });
  const calls = Array.from({ length: 3000 }, (_, number) => ({
    call: id('c', number),
    tenant: 'acme',
    direction: 'inbound',
    ingress: 'outside',
    trusted: true,
    labels: {},
    startedWallMs: 1,
    startedMonoUs: 1,
    state: 'confirmed',
    media: 'anchored',
    legs: [leg('caller', number), leg('callee', number)],
  }));

  client.end(
    encodeFrame(Buffer.from(JSON.stringify({ kind: 'snapshot', calls, tapSockets: [], routesRevision: 1, heads: [] }))),
  );

  expect(await ended).toBe('closed');
  expect(received).toHaveLength(1);
});

test('a peer that takes nothing is disconnected once the largest message and a burst behind it wait for it', () => {
  const stalled = new BytePipe();
  stalled.stall();
  let end: ControlEnd | undefined;
  const connection = new ControlConnection<FromCallPlane, FromGovernance>(stalled as unknown as Socket, fromCallPlane, {
    onMessage: () => undefined,
    onEnd: (reason) => (end = reason),
  });
  const routes = { revision: 1, digest: 'x'.repeat(8 * 1024 * 1024), tenants: [] };

  let sent = 0;
  while (end === undefined && connection.send({ kind: 'routes', snapshot: routes })) sent += 1;

  expect(end).toBe('overflow');
  expect(sent).toBeLessThan(10);
  expect(connection.send({ kind: 'routes', snapshot: routes })).toBe(false);
});
