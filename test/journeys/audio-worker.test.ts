import { mkdtempSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { LeaseId } from '../../src/base/ids.ts';
import { AudioPool } from '../../src/governance/audio/audio-pool.ts';
import type { AudioEvent } from '../../src/governance/audio/messages.ts';
import { audioWorkerSpawner, type AudioWorkerThread } from '../../src/governance/audio/spawn-audio-worker.ts';
import { encodeFrame } from '../../src/link/frame.ts';
import { encodeTapFrame, type TapFrame } from '../../src/link/tap-frame.ts';
import { serveUnixSocket } from '../../src/link/unix-socket.ts';
import type { LeaseWindow } from '../../src/model/audio.ts';
import { createEncoder } from '../../src/protocol/codec/codec.ts';
import { tone } from '../protocol/codec/tones.ts';
import { CALL, ENDPOINT, LEG, leaseId, leaseWindow, OTHER_STREAM, STREAM, TAP } from '../governance/audio/words.ts';
import { VoskServer } from '../processors/vosk-server.ts';

const WORKER_URL = new URL('../../dist/governance/audio/worker/main.js', import.meta.url);
const G722 = createEncoder('G722');
/** 16 kHz, two bytes a sample. */
const BYTES_PER_MS = 32;

let folder: string;
let media: Server;
let tapSocket: Promise<Socket>;
let recogniser: VoskServer;
let pool: AudioPool;
let threads: AudioWorkerThread[];
let events: AudioEvent[];
let lost: unknown[];
let onChange: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-audio-'));
  recogniser = await VoskServer.listen();
  let connected: (socket: Socket) => void = () => undefined;
  tapSocket = new Promise((resolve) => (connected = resolve));
  media = await serveUnixSocket(join(folder, 'tap-0'), (socket) => connected(socket.on('error', () => undefined)));
  threads = [];
  events = [];
  lost = [];
  onChange = () => undefined;
  const spawn = audioWorkerSpawner({ logLevel: 'silent', url: WORKER_URL });
  pool = new AudioPool({
    workers: 1,
    clock: systemClock,
    log: silentLog,
    spawn: (index, handlers) => {
      const thread = spawn(index, handlers);
      threads.push(thread);
      return thread;
    },
    handlers: {
      onEvent: (event) => {
        events.push(event);
        onChange();
      },
      onWorkerDied: (what) => {
        lost.push(what);
        onChange();
      },
      onWorkerBack: () => {
        lost.push('back');
        onChange();
      },
    },
  });
  await pool.start();
  pool.setTapSockets([join(folder, 'tap-0')]);
});

afterEach(async () => {
  await pool.stop();
  await recogniser.close();
  (await tapSocket).destroy();
  media.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves once `isTrue`, looked at whenever the pool says something; the test's own deadline bounds it. */
async function until(isTrue: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    onChange = () => {
      if (isTrue()) resolve();
    };
    onChange();
  });
}

async function write(...frames: readonly TapFrame[]): Promise<void> {
  const socket = await tapSocket;
  for (const frame of frames) socket.write(encodeFrame(encodeTapFrame(frame)));
}

/** A tap of a G.722 stream that has begun. */
async function tapped(): Promise<void> {
  pool.expectStream(0, {
    tap: TAP,
    stream: STREAM,
    call: CALL,
    leg: LEG,
    payloads: [{ payloadType: 9, encoding: 'G722', clockRateHz: 8000 }],
  });
  await write({ kind: 'begin', tap: TAP, stream: STREAM, streamStartUs: systemClock.monoUs() });
  await until(() => events.some(({ kind }) => kind === 'tap.began'));
}

let firstArrivalUs: number;

/** Packets `first` to `first + count - 1` of 20 ms each. The first one ever sent is the stream's zero. */
function speech(first: number, count: number): TapFrame[] {
  if (first === 0) firstArrivalUs = beganUs();
  return Array.from({ length: count }, (_, n) => ({
    kind: 'media' as const,
    tap: TAP,
    arrivalUs: firstArrivalUs + (first + n) * 20_000,
    ssrc: 1,
    extendedSequence: first + n,
    rtpTimestamp: (first + n) * 160,
    payloadType: 9,
    payload: G722.encode(tone(440, 320)),
  }));
}

function beganUs(): number {
  const began = events.find((event) => event.kind === 'tap.began');
  if (began?.kind !== 'tap.began') throw new Error('the tap has not begun');
  return began.streamStartUs;
}

/** Resolves when the worker has taken it: it takes orders in turn, and by then has refused one that makes no sense. */
async function openFeed(window: Partial<LeaseWindow>): Promise<void> {
  const endpoint = { ...ENDPOINT, url: recogniser.url, sampleRateHz: 16_000 } as const;
  pool.openFeed({ tap: TAP, window: leaseWindow(window), protocol: 'vosk', endpoint });
  const senseless = leaseWindow({ lease: leaseId(99), stream: OTHER_STREAM });
  pool.openFeed({ tap: TAP, window: senseless, protocol: 'vosk', endpoint });
  await closed(senseless.lease);
}

async function closed(lease: LeaseId): Promise<AudioEvent> {
  const isIt = (event: AudioEvent): boolean => event.kind === 'feed.closed' && event.lease === lease;
  await until(() => events.some(isIt));
  return events.find(isIt) ?? Promise.reject(new Error('unreachable'));
}

/** Use of the lease as last reported, so that a test can wait for the worker without looking at the recogniser. */
function progressBytes(): number {
  return Math.max(0, ...events.map((event) => (event.kind === 'feed.progress' ? event.use.bytes : 0)));
}

test('the recogniser gets every byte that is leased, not one more, and the account agrees', async () => {
  await tapped();
  await openFeed({ throughMs: 1000 });

  await write(...speech(0, 100));
  await until(() => progressBytes() === 1000 * BYTES_PER_MS);
  expect(recogniser.audioBytes).toBe(1000 * BYTES_PER_MS);
  pool.extendFeed(leaseId(1), 1600, 1_000_000);
  await until(() => progressBytes() === 1600 * BYTES_PER_MS);
  pool.closeFeed(leaseId(1), 'end');

  expect(await closed(leaseId(1))).toMatchObject({
    use: { capturedThroughMs: 1600, bytes: 1600 * BYTES_PER_MS },
  });
  await until(() => events.some((event) => event.kind === 'feed.finished' && event.lease === leaseId(1)));
  expect(recogniser.audioBytes).toBe(1600 * BYTES_PER_MS);
  expect(recogniser.texts.at(-1)).toBe('{"eof" : 1}');
});

test('a byte budget holds as a position does', async () => {
  await tapped();
  await openFeed({ maxBytes: 10_000 });

  await write(...speech(0, 100));
  await until(() => progressBytes() > 0);
  pool.closeFeed(leaseId(1), 'revoked');

  expect(await closed(leaseId(1))).toMatchObject({ use: { bytes: 15 * 640 } });
  expect(recogniser.audioBytes).toBe(15 * 640);
});

test('a tapped stream without a lease opens no connection, and a revoked one gets nothing more', async () => {
  await tapped();
  await write(...speech(0, 20));
  await until(() => events.some(({ kind }) => kind === 'stream.position'));
  expect(recogniser.requests).toEqual([]);

  await openFeed({ lease: leaseId(2), fromMs: 400 });
  await write(...speech(20, 10));
  await until(() => progressBytes() === 200 * BYTES_PER_MS);
  pool.closeFeed(leaseId(2), 'revoked');
  await closed(leaseId(2));
  await write(...speech(30, 50));
  await until(() => events.some((event) => event.kind === 'stream.position' && event.positionMs === 1600));

  expect(recogniser.audioBytes).toBe(200 * BYTES_PER_MS);
  expect(recogniser.requests.length).toBe(1);
});

test('what the recogniser says comes back as a segment on the timeline of the stream', async () => {
  recogniser.answer = ({ isBinary }) => (isBinary ? '{"partial": ""}' : '{"text": "all of it"}');
  await tapped();
  await openFeed({});

  await write(...speech(0, 50));
  await until(() => progressBytes() === 1000 * BYTES_PER_MS);
  await write({ kind: 'end', tap: TAP });
  await until(() => events.some(({ kind }) => kind === 'tap.ended'));
  pool.closeFeed(leaseId(1), 'end');
  await until(() => events.some((event) => event.kind === 'feed.finished' && event.lease === leaseId(1)));

  expect(events.find(({ kind }) => kind === 'segment')).toMatchObject({
    segment: { call: CALL, leg: LEG, stream: STREAM, final: true, text: 'all of it', startMs: 0, endMs: 1000 },
  });
});

test('a worker that dies is reported with what it held, and the next one reads the taps again', async () => {
  await tapped();
  await openFeed({});
  await write(...speech(0, 10));
  await until(() => progressBytes() > 0);
  const bytes = recogniser.audioBytes;
  const again = new Promise<void>((resolve) => media.once('connection', () => resolve()));

  threads[0]?.kill();
  await until(() => lost.includes('back'));
  await again;

  expect(lost).toEqual([{ taps: [TAP], leases: [leaseId(1)] }, 'back']);
  expect(recogniser.audioBytes).toBe(bytes);
  expect(pool.closeFeed(leaseId(1), 'audio_worker_restart')).toBe(false);
});
