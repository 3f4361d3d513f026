import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { newId } from '../../../src/base/ids.ts';
import { AudioPool, AudioPoolError } from '../../../src/governance/audio/audio-pool.ts';
import type { AudioEvent, ExpectedStream, FeedOrder, ToAudioWorker } from '../../../src/governance/audio/messages.ts';
import type { ThreadHandlers } from '../../../src/governance/audio/spawn-audio-worker.ts';
import { CALL, ENDPOINT, LEG, leaseId, leaseWindow, PROCESSOR, STREAM, TAP } from './words.ts';

interface FakeThread {
  readonly index: number;
  readonly received: ToAudioWorker[];
  readonly handlers: ThreadHandlers;
  isKilled: boolean;
}

const OTHER_TAP = newId('tap', () => new Uint8Array(16).fill(9));

function scene(workers = 2) {
  const clock = new ManualClock();
  const threads: FakeThread[] = [];
  const events: AudioEvent[] = [];
  const lost: unknown[] = [];
  let back = 0;
  const pool = new AudioPool({
    workers,
    clock,
    log: silentLog,
    spawn: (index, handlers) => {
      const thread: FakeThread = { index, received: [], handlers, isKilled: false };
      threads.push(thread);
      return { post: (message) => thread.received.push(message), kill: () => (thread.isKilled = true) };
    },
    handlers: {
      onEvent: (event) => events.push(event),
      onWorkerDied: (what) => lost.push(what),
      onWorkerBack: () => (back += 1),
    },
  });
  const ready = (): void => threads.forEach(({ handlers }) => handlers.onMessage({ kind: 'ready' }));
  return { clock, threads, events, lost, pool, ready, backs: () => back };
}

async function started(workers = 2) {
  const set = scene(workers);
  const start = set.pool.start();
  set.ready();
  await start;
  return set;
}

const expected = (tap = TAP): ExpectedStream => ({ tap, stream: STREAM, call: CALL, leg: LEG, payloads: [] });
const order = (tap = TAP, n = 1): FeedOrder => ({
  tap,
  window: leaseWindow({ lease: leaseId(n) }),
  protocol: 'vosk',
  endpoint: ENDPOINT,
});

test('each media worker belongs to one audio worker, and everything of its taps goes there', async () => {
  const { pool, threads } = await started();
  pool.setTapSockets(['/t0', '/t1', '/t2']);

  pool.expectStream(1, expected());
  pool.openFeed(order());
  pool.extendFeed(leaseId(1), 2000, 99);
  pool.closeFeed(leaseId(1), 'end');
  pool.forgetStream(TAP);

  expect(threads[0]?.received).toEqual([
    { kind: 'tap.connect', mediaWorker: 0, socketPath: '/t0' },
    { kind: 'tap.connect', mediaWorker: 2, socketPath: '/t2' },
  ]);
  expect(threads[1]?.received.map(({ kind }) => kind)).toEqual([
    'tap.connect',
    'stream.expect',
    'feed.open',
    'feed.extend',
    'feed.close',
    'stream.forget',
  ]);
});

test('only tap sockets that changed are connected anew', async () => {
  const { pool, threads } = await started(1);
  pool.setTapSockets(['/a', '/b']);

  pool.setTapSockets(['/a']);
  pool.setTapSockets(['/c']);

  expect(threads[0]?.received.slice(2)).toEqual([
    { kind: 'tap.disconnect', mediaWorker: 1 },
    { kind: 'tap.connect', mediaWorker: 0, socketPath: '/c' },
  ]);
});

test('a lease for a tap nobody announced is not opened', async () => {
  const { pool, threads } = await started();

  expect(pool.openFeed(order())).toBe(false);
  expect(pool.closeFeed(leaseId(1), 'end')).toBe(false);
  expect(threads.flatMap(({ received }) => received)).toEqual([]);
});

test('a dead worker is reported with the taps and leases it had, and no others', async () => {
  const { pool, threads, lost, events } = await started();
  pool.expectStream(0, expected());
  pool.expectStream(1, expected(OTHER_TAP));
  pool.openFeed(order(TAP, 1));
  pool.openFeed(order(TAP, 2));
  pool.openFeed(order(OTHER_TAP, 3));
  threads[0]?.handlers.onMessage({
    kind: 'feed.closed',
    lease: leaseId(2),
    stream: STREAM,
    processor: PROCESSOR,
    reason: 'end',
    use: { capturedThroughMs: 0, bytes: 0 },
  });

  threads[0]?.handlers.onExit(new Error('heap'));

  expect(lost).toEqual([{ taps: [TAP], leases: [leaseId(1)] }]);
  expect(events.length).toBe(1);
  expect(pool.expectStream(0, expected())).toBe(false);
  expect(pool.openFeed(order())).toBe(false);
});

test('a dead worker is replaced after a pause that grows, and reads its taps again', async () => {
  const { pool, threads, clock, backs } = await started(1);
  pool.setTapSockets(['/a']);

  threads[0]?.handlers.onExit(undefined);
  clock.advance(249);
  expect(threads.length).toBe(1);
  clock.advance(1);
  threads[1]?.handlers.onMessage({ kind: 'ready' });
  threads[1]?.handlers.onExit(undefined);
  clock.advance(499);

  expect(threads.length).toBe(2);
  expect(threads[1]?.received).toEqual([{ kind: 'tap.connect', mediaWorker: 0, socketPath: '/a' }]);
  expect(backs()).toBe(1);
});

test('a worker that never gets ready fails the start', async () => {
  const { pool, clock } = scene();
  const start = pool.start();
  const failure = expect(start).rejects.toBeInstanceOf(AudioPoolError);

  clock.advance(10_000);

  await failure;
});

test('stopping asks first, kills what does not end, and replaces nothing', async () => {
  const { pool, threads, clock, lost } = await started();
  const stop = pool.stop();
  threads[0]?.handlers.onExit(undefined);

  clock.advance(2000);
  await stop;
  threads[1]?.handlers.onExit(undefined);
  clock.advance(60_000);

  expect(threads.map(({ received }) => received.at(-1)?.kind)).toEqual(['stop', 'stop']);
  expect(threads[1]?.isKilled).toBe(true);
  expect(threads.length).toBe(2);
  expect(lost).toEqual([]);
});

test('metrics of all workers are told apart by worker', async () => {
  const { pool, threads } = await started();
  const sample = { name: 'earshot_audio_streams', kind: 'gauge' as const, labels: {}, value: 3 };

  threads[1]?.handlers.onMessage({ kind: 'metrics', samples: [sample] });

  expect(pool.metrics()).toContainEqual({ ...sample, labels: { audio_worker: '1' } });
});
