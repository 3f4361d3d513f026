import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { tapConnector } from '../../../src/governance/audio/tap-reader.ts';
import { encodeFrame } from '../../../src/link/frame.ts';
import { encodeTapFrame, type TapFrame } from '../../../src/link/tap-frame.ts';
import { serveUnixSocket } from '../../../src/link/unix-socket.ts';
import { STREAM, TAP } from './words.ts';

const BEGIN: TapFrame = { kind: 'begin', tap: TAP, stream: STREAM, streamStartUs: 5 };

let folder: string;
let path: string;
let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-tap-'));
  path = join(folder, 'tap');
  sockets = [];
  server = await serveUnixSocket(path, (socket) => sockets.push(socket.on('error', () => undefined)));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A reader, and what it says next. */
function read(clock = new ManualClock()) {
  let say: (word: TapFrame | 'disconnected') => void = () => undefined;
  const said: (TapFrame | 'disconnected')[] = [];
  const note = (word: TapFrame | 'disconnected'): void => {
    said.push(word);
    say(word);
  };
  const stop = tapConnector(clock)(path, { onFrame: note, onDisconnected: () => note('disconnected') });
  const next = (): Promise<TapFrame | 'disconnected'> => new Promise((resolve) => (say = resolve));
  return { clock, stop, said, next };
}

async function connection(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket;
}

test('frames arrive whole, however the socket cuts them', async () => {
  const { next, stop } = read();
  const socket = await connection();
  const bytes = encodeFrame(encodeTapFrame(BEGIN));

  const frame = next();
  socket.write(bytes.subarray(0, 7));
  socket.write(bytes.subarray(7));

  expect(await frame).toEqual(BEGIN);
  stop();
});

test.each([
  ['a frame that is none', encodeFrame(Buffer.from('nonsense'))],
  ['a length no frame has', Buffer.from([0x7f, 0, 0, 0, 1])],
])('%s ends the connection, and nothing after it is read', async (_name, bytes) => {
  const { next, said, stop } = read();
  const socket = await connection();

  const word = next();
  socket.write(Buffer.concat([bytes, encodeFrame(encodeTapFrame(BEGIN))]));

  expect(await word).toBe('disconnected');
  expect(said).toEqual(['disconnected']);
  stop();
});

test('after a lost connection another is made', async () => {
  const { clock, next, stop } = read();
  const first = await connection();
  const word = next();
  first.destroy();
  await word;

  clock.advance(250);
  const second = await connection();
  const frame = next();
  second.write(encodeFrame(encodeTapFrame(BEGIN)));

  expect(await frame).toEqual(BEGIN);
  stop();
});

test('a stopped reader says nothing, not even that it is gone', async () => {
  const { said, stop } = read();
  const socket = await connection();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();

  socket.write(encodeFrame(encodeTapFrame(BEGIN)));
  stop();
  await closed;

  expect(said).toEqual([]);
});
