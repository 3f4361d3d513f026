/** A real media worker thread from the build between two UDP peers: SRTP on one side, RTP on the other, a tap between. */

import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { TapId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import type { SessionStats } from '../../src/call/media/messages.ts';
import { MediaPool, type MediaPoolHandlers } from '../../src/call/media/pool.ts';
import type { MediaPair } from '../../src/call/media/session-state.ts';
import { threadStarter, type WorkerHandle } from '../../src/call/media/worker-thread.ts';
import { readTapSocket } from '../../src/link/tap-channel.ts';
import type { TapFrame } from '../../src/link/tap-frame.ts';
import { UdpPeer, until } from '../peers/udp-peer.ts';
import { rtpPacket, senderReport } from '../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../protocol/srtp/keys.ts';
import {
  CALL,
  CALLEE_STREAM,
  CALLER_STREAM,
  calleeBranch,
  callerBranch,
  key,
  session,
} from '../call/media/worker/states.ts';

const WORKER_URL = new URL('../../dist/call/media/worker/main.js', import.meta.url);
const TAP = `t_${'1'.repeat(32)}` as TapId;
const PACKETS = 400;
const bytes = (fill: number) => Buffer.alloc(30, fill);

const startThread = threadStarter(WORKER_URL);

let folder: string;
/** The running thread of each index. */
let workers: WorkerHandle[];
let pool: MediaPool;
let told: unknown[][];
let stats: SessionStats[];
let caller: UdpPeer;
let callee: UdpPeer;
let peers: UdpPeer[] = [];
let pairs: { caller: MediaPair; callee: MediaPair };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-media-'));
  told = [];
  stats = [];
  workers = [];
  const tell =
    (name: string) =>
    (...words: unknown[]) =>
      void told.push([name, ...words]);
  const handlers: MediaPoolHandlers = {
    onTapOpened: tell('opened'),
    onTapRefused: tell('refused'),
    onTapEnded: tell('ended'),
    onTapSockets: tell('sockets'),
    onStreamStarted: tell('started'),
    onActivity: tell('activity'),
    onWorkerDown: tell('down'),
    onSessionStats: (_call, each) => stats.push(each),
  };
  pool = new MediaPool({
    workers: 2,
    interfaces: [
      {
        name: 'outside',
        bindAddress: '127.0.0.1',
        advertisedAddress: '127.0.0.1',
        family: 4,
        portMin: 38_000,
        portMax: 38_099,
      },
    ],
    readyPairs: 4,
    tapFolder: join(folder, 'taps'),
    clock: systemClock,
    log: silentLog,
    logLevel: 'silent',
    handlers,
    startWorker: (start, events) => {
      const handle = startThread(start, events);
      workers[start.index] = handle;
      return handle;
    },
  });
  await pool.start();
  [caller, callee] = await Promise.all([UdpPeer.open(), UdpPeer.open()]);
  peers = [caller, callee];
  pairs = takePairs();
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await pool.stop();
  rmSync(folder, { recursive: true });
});

function takePairs(): { caller: MediaPair; callee: MediaPair } {
  const first = pool.takePair('outside');
  const second = pool.takePair('outside', first?.worker);
  if (!first || !second) throw new Error('no pair is ready');
  return { caller: first, callee: second };
}

/** The caller speaks SRTP with muxed RTCP, the callee plain RTP. Resolves when the worker has the session. */
async function startSession(): Promise<void> {
  const callerAt = { remoteRtp: caller.endpoint, remoteRtcp: caller.endpoint, rtcpMux: true };
  const calleeAt = { remoteRtp: callee.endpoint, remoteRtcp: callee.endpoint, rtcpMux: true };
  pool.apply(
    session({
      caller: { pair: pairs.caller, sendKey: key(2), branches: [callerBranch({ ...callerAt, receiveKey: key(1) })] },
      callee: { pair: pairs.callee, branches: [calleeBranch(calleeAt)] },
    }),
  );
  // Messages keep their order: once this tap is refused, for want of a reader, the session is there.
  pool.openTap({ tap: TAP, call: CALL, stream: CALLER_STREAM, deadlineUs: systemClock.monoUs() + 5_000_000 });
  await until(() => told.some(([name]) => name === 'refused'));
  expect(told.find(([name]) => name === 'refused')?.at(-1)).toBe('no_reader');
}

/** Speaks both ways at ten times the usual pace, through a wrap of the sequence. */
async function speak(count: number): Promise<void> {
  const from = sender(bytes(1));
  for (let at = 0; at < count; at++) {
    const packet = rtpPacket({ sequence: (65_400 + at) % 65_536, timestamp: at * 160, ssrc: 5 });
    caller.send(bytesOf(from.protectRtp(packet)), pairs.caller.rtpPort);
    callee.send(rtpPacket({ sequence: (65_400 + at) % 65_536, ssrc: 6 }), pairs.callee.rtpPort);
    if (at % 4 === 3) await sleep(2);
  }
}

async function openTap(frames: TapFrame[]) {
  const socket = connect(pool.tapSockets()[pairs.caller.worker]!);
  readTapSocket(socket, { onFrame: (frame) => frames.push(frame), onEnd: () => undefined });
  await once(socket, 'connect');
  // The worker takes the reader on its own turn; a tap opened before is refused, and asked for again.
  await until(() => {
    if (told.some(([name]) => name === 'opened')) return true;
    pool.openTap({ tap: TAP, call: CALL, stream: CALLER_STREAM, deadlineUs: systemClock.monoUs() + 1_500_000 });
    return false;
  });
  return socket;
}

test('every packet is relayed, SRTP to RTP and RTP to SRTP, and RTCP with it', async () => {
  await startSession();
  const to = receiver(bytes(2));

  await speak(PACKETS);
  callee.send(senderReport(6, 5), pairs.callee.rtpPort);
  await until(() => caller.received.length === PACKETS + 1 && callee.received.length === PACKETS);

  expect(callee.received.map((packet) => packet.readUInt32BE(4))).toEqual(
    Array.from({ length: PACKETS }, (_, at) => at * 160),
  );
  const opened = caller.received.slice(0, -1).map((packet) => to.unprotectRtp(packet));
  expect(opened.filter((result) => typeof result === 'string')).toEqual([]);
  expect(to.unprotectRtcp(caller.received.at(-1)!)).toEqual(senderReport(6, 5));
  pool.end(CALL);
  await until(() => stats.length > 0);
  expect(stats).toMatchObject([
    {
      call: CALL,
      mLine: 0,
      final: true,
      sides: {
        caller: { received: PACKETS, sent: PACKETS, dropped: 0, lost: 0 },
        callee: { received: PACKETS, sent: PACKETS, dropped: 0, lost: 0 },
      },
    },
  ]);
  expect(told.filter(([name]) => name === 'started').map(([, call, stream]) => [call, stream])).toEqual(
    expect.arrayContaining([
      [CALL, CALLER_STREAM],
      [CALL, CALLEE_STREAM],
    ]),
  );
});

test('a worker that dies under a call goes on with it on the same ports within a second', async () => {
  await startSession();
  const from = sender(bytes(1));
  const to = receiver(bytes(2));
  const sendEach = (sequence: number): void => {
    caller.send(bytesOf(from.protectRtp(rtpPacket({ sequence, ssrc: 5 }))), pairs.caller.rtpPort);
    callee.send(rtpPacket({ sequence, ssrc: 6 }), pairs.callee.rtpPort);
  };
  let sequence = 0;
  const speakUntil = (isEnough: () => boolean): Promise<void> =>
    until(() => {
      sendEach(sequence++);
      return isEnough();
    });
  await speakUntil(() => callee.received.length >= 50 && caller.received.length >= 50);
  await until(() => pool.states(CALL)[0]?.sides.caller.branches[0]?.received.length === 1);

  const diedUs = systemClock.monoUs();
  await workers[pairs.caller.worker]!.terminate();
  const heard = { caller: caller.received.length, callee: callee.received.length };
  await speakUntil(() => caller.received.length > heard.caller && callee.received.length > heard.callee);
  const goneMs = (systemClock.monoUs() - diedUs) / 1000;

  expect(told.filter(([name]) => name === 'down')).toEqual([['down', pairs.caller.worker, [CALL]]]);
  expect(goneMs).toBeLessThan(1000);
  const opened = caller.received.map((packet) => bytesOf(to.unprotectRtp(packet)).readUInt32BE(8));
  expect(new Set(opened.slice(0, heard.caller))).toEqual(new Set([6]));
  expect(new Set(opened.slice(heard.caller)).has(6)).toBe(false);
  expect(new Set(callee.received.map((packet) => packet.readUInt32BE(8)))).toEqual(new Set([5]));
  pool.end(CALL);
  await until(() => stats.some(({ final }) => final));
});

test('a tap carries what was decrypted, and lapses by itself when nobody renews it', async () => {
  await startSession();
  const frames: TapFrame[] = [];
  const socket = await openTap(frames);

  await speak(PACKETS);
  await until(() => frames.length > PACKETS);
  const media = frames.flatMap((frame) => (frame.kind === 'media' ? [frame] : []));
  expect(frames[0]?.kind).toBe('begin');
  expect(media.map(({ extendedSequence }) => extendedSequence)).toEqual(
    Array.from({ length: PACKETS }, (_, at) => 65_400 + at),
  );
  expect(media.every(({ ssrc, payload }) => ssrc === 5 && Buffer.alloc(160, 0xd5).equals(payload))).toBe(true);

  await until(() => told.some(([name]) => name === 'ended'));
  await speak(20);
  await until(() => callee.received.length >= PACKETS);
  expect(told.find(([name]) => name === 'ended')).toEqual([
    'ended',
    { tap: TAP, stream: CALLER_STREAM, reason: 'lapsed', frames: PACKETS, dropped: 0 },
  ]);
  await until(() => frames.at(-1)?.kind === 'end');
  expect(frames.filter(({ kind }) => kind === 'media')).toHaveLength(PACKETS);
  socket.destroy();
});

test('a tap socket is ours alone, and its taps end when the reader goes', async () => {
  await startSession();
  const socket = await openTap([]);

  expect(statSync(pool.tapSockets()[0]!).mode & 0o077).toBe(0);
  expect(statSync(join(folder, 'taps')).mode & 0o077).toBe(0);
  socket.destroy();
  await until(() => told.some(([name]) => name === 'ended'));

  expect(told.find(([name]) => name === 'ended')?.[1]).toMatchObject({ tap: TAP, reason: 'reader_gone' });
});

test('a pair that was given back is ready again after its rest, on the same ports', async () => {
  const { rtpPort } = pairs.caller;
  const freedUs = systemClock.monoUs();

  pool.freePair(pairs.caller);
  await until(() => pool.takePair('outside')?.rtpPort === rtpPort);

  expect(systemClock.monoUs() - freedUs).toBeGreaterThan(1_900_000);
});

test('stopping leaves no socket behind', async () => {
  await pool.stop();

  expect(pool.tapSockets().filter((path) => existsSync(path))).toEqual([]);
});
