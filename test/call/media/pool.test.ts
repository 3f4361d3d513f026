import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import type { CallId, TapId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { ToWorker, WorkerStart } from '../../../src/call/media/messages.ts';
import { MediaPool } from '../../../src/call/media/pool.ts';
import type { MediaPair, SessionState } from '../../../src/call/media/session-state.ts';
import type { StartWorker, WorkerEvents } from '../../../src/call/media/worker-thread.ts';
import { CALL, CALLER_STREAM, pair, session } from './worker/states.ts';

const TAP = `t_${'1'.repeat(32)}` as TapId;
const OTHER_CALL = `c_${'9'.repeat(32)}` as CallId;

interface FakeWorker {
  readonly start: WorkerStart;
  readonly events: WorkerEvents;
  readonly posted: ToWorker[];
  /** How often it was ended by force. */
  ended: number;
}

/** A clock whose thread can be stopped: timers that fell due meanwhile run once. */
class StoppableClock extends ManualClock {
  advanceAtOnce(ms: number): void {
    this.#skippedUs += ms * 1000;
    this.advance(1000);
  }

  #skippedUs = 0;

  override monoUs(): number {
    return super.monoUs() + this.#skippedUs;
  }
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-pool-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A pool whose workers say `ready` at once, stop when told to, and otherwise do what the test says. */
function rig(workers = 2) {
  const clock = new StoppableClock();
  const lives: FakeWorker[] = [];
  const told: unknown[][] = [];
  const tell =
    (name: string) =>
    (...words: unknown[]) => {
      told.push([name, ...words]);
    };
  const startWorker: StartWorker = (start, events) => {
    const posted: ToWorker[] = [];
    const life = { start, events, posted, ended: 0 };
    lives.push(life);
    queueMicrotask(() => events.onMessage({ kind: 'ready' }));
    return {
      post: (message) => {
        posted.push(message);
        if (message.kind === 'stop') events.onExit(undefined);
      },
      terminate: () => {
        life.ended += 1;
        events.onExit(undefined);
        return Promise.resolve();
      },
    };
  };
  const pool = new MediaPool({
    workers,
    interfaces: [],
    readyPairs: 4,
    tapFolder: join(folder, 'taps'),
    clock,
    log: silentLog,
    logLevel: 'silent',
    startWorker,
    handlers: {
      onTapOpened: tell('opened'),
      onTapRefused: tell('refused'),
      onTapEnded: tell('ended'),
      onTapSockets: tell('sockets'),
      onStreamStarted: tell('started'),
      onStreamDtmf: tell('dtmf'),
      onSessionState: tell('state'),
      onSessionStats: tell('stats'),
      onActivity: tell('activity'),
      onWorkerDown: tell('down'),
    },
  });
  const ready = (worker: number, ...ports: number[]) => {
    for (const port of ports) lives[worker]!.events.onMessage({ kind: 'pair.ready', pair: onWorker(worker, port) });
  };
  return { pool, clock, lives, told, ready };
}

function onWorker(worker: number, port: number): MediaPair {
  return { ...pair(port), worker };
}

/** The same session after a packet was heard. */
function learntOf(state: SessionState): SessionState {
  const { caller } = state.sides;
  const branches = caller.branches.map((branch) => ({ ...branch, latchedRtp: branch.remoteRtp, firstArrivalUs: 7 }));
  return { ...state, sides: { ...state.sides, caller: { ...caller, branches } } };
}

/** A started pool with one call on worker 1. */
async function withCall() {
  const all = rig();
  await all.pool.start();
  all.ready(1, 20_000, 20_002);
  const caller = all.pool.takePair('outside')!;
  const callee = all.pool.takePair('outside', caller.worker)!;
  all.pool.apply(session({ caller: { pair: caller }, callee: { pair: callee } }));
  all.told.length = 0;
  return { ...all, caller, callee };
}

test('starting makes a private folder, starts every worker and tells where their taps are', async () => {
  const { pool, lives, told } = rig();

  await pool.start();

  const sockets = [0, 1].map((index) => join(folder, 'taps', `media-${index}.sock`));
  expect(statSync(join(folder, 'taps')).mode & 0o777).toBe(0o700);
  expect(lives.map(({ start }) => [start.index, start.workers, start.tapSocket])).toEqual([
    [0, 2, sockets[0]],
    [1, 2, sockets[1]],
  ]);
  expect(told).toEqual([['sockets', sockets]]);
  expect(pool.tapSockets()).toEqual(sockets);
});

test('a pair is taken at once, oldest first, from the least loaded worker', async () => {
  const { pool, ready, lives } = rig();
  await pool.start();
  ready(0, 20_000, 20_002);
  ready(1, 20_004);

  const taken = [1, 2, 3].map(() => pool.takePair('outside')?.rtpPort);

  expect(taken).toEqual([20_000, 20_004, 20_002]);
  expect(lives[0]!.posted).toEqual([
    { kind: 'pair.taken', pair: 20_000 },
    { kind: 'pair.taken', pair: 20_002 },
  ]);
});

test('none ready is said at once and counted, on another interface or worker too', async () => {
  const { pool, ready } = rig();
  await pool.start();
  ready(0, 20_000);

  expect(pool.takePair('inside')).toBeUndefined();
  expect(pool.takePair('outside', 1)).toBeUndefined();
  expect(pool.takePair('outside', 0)?.rtpPort).toBe(20_000);
  expect(pool.takePair('outside')).toBeUndefined();

  const missing = pool.metrics().filter(({ name }) => name === 'earshot_media_pair_missing_total');
  expect(missing.map(({ labels, value }) => [labels['interface'], value])).toEqual([
    ['inside', 1],
    ['outside', 2],
  ]);
});

test('a pair is given back once, however often it is freed', async () => {
  const { pool, ready, lives } = rig();
  await pool.start();
  ready(0, 20_000);
  const taken = pool.takePair('outside')!;

  pool.freePair(taken);
  pool.freePair(taken);

  expect(lives[0]!.posted.filter(({ kind }) => kind === 'pair.free')).toHaveLength(1);
  expect(pool.stats()).toMatchObject({ pairsTaken: 0, pairsReady: 0 });
});

test('ending a call ends its session and frees both pairs', async () => {
  const { pool, lives } = await withCall();

  pool.end(CALL);
  pool.end(CALL);

  expect(lives[1]!.posted.slice(-3)).toEqual([
    { kind: 'session.end', call: CALL },
    { kind: 'pair.free', pair: 20_000 },
    { kind: 'pair.free', pair: 20_002 },
  ]);
  expect(pool.stats().sessions).toBe(0);
});

test('sides on two workers are a broken promise', async () => {
  const { pool } = rig();
  await pool.start();
  const split = session({ caller: { pair: onWorker(0, 1) }, callee: { pair: onWorker(1, 3) } });

  expect(() => pool.apply(split)).toThrow('both sides of a session are on one worker');
});

test('taps go to the worker that has the call, and its answers come back', async () => {
  const { pool, lives, told } = await withCall();
  const worker = lives[1]!;
  const open = { tap: TAP, call: CALL, stream: CALLER_STREAM, deadlineUs: 9 };

  pool.openTap(open);
  worker.events.onMessage({ kind: 'tap.opened', tap: TAP, stream: CALLER_STREAM });
  pool.renewTaps([TAP], 10);
  pool.closeTap(TAP);
  worker.events.onMessage({
    kind: 'tap.ended',
    tap: TAP,
    stream: CALLER_STREAM,
    reason: 'closed',
    frames: 3,
    dropped: 1,
  });
  pool.closeTap(TAP);

  expect(worker.posted.slice(-3)).toEqual([
    { kind: 'tap.open', ...open },
    { kind: 'tap.renew', taps: [TAP], deadlineUs: 10 },
    { kind: 'tap.close', tap: TAP },
  ]);
  expect(lives[0]!.posted).toEqual([]);
  expect(told).toEqual([
    ['opened', TAP, CALLER_STREAM],
    ['ended', { tap: TAP, stream: CALLER_STREAM, reason: 'closed', frames: 3, dropped: 1 }],
  ]);
  expect(pool.stats().taps).toBe(0);
});

test('a tap on a call that is not here is refused at once', async () => {
  const { pool, told } = await withCall();

  pool.openTap({ tap: TAP, call: OTHER_CALL, stream: CALLER_STREAM, deadlineUs: 9 });

  expect(told).toEqual([['refused', TAP, CALLER_STREAM, 'unknown_call']]);
});

test('what workers say about calls is passed on', async () => {
  const { lives, told } = await withCall();
  const { events } = lives[1]!;
  const counts = { received: 1, sent: 2, dropped: 3, lost: 4, jitterMs: 5 };
  const stats = { call: CALL, mLine: 0, final: true, sides: { caller: counts, callee: counts } };

  events.onMessage({ kind: 'stream.started', call: CALL, stream: CALLER_STREAM, firstArrivalUs: 7 });
  events.onMessage({ kind: 'activity', calls: [CALL] });
  events.onMessage({ kind: 'session.stats', stats });

  expect(told).toEqual([
    ['started', CALL, CALLER_STREAM, 7],
    ['activity', [CALL]],
    ['stats', CALL, stats],
  ]);
});

test('metrics of workers are labelled with their index', async () => {
  const { pool, lives } = await withCall();
  const sample = {
    name: 'earshot_media_dropped_total',
    kind: 'counter',
    labels: { reason: 'stun' },
    value: 4,
  } as const;

  lives[1]!.events.onMessage({ kind: 'report', sessions: 1, taps: 0, metrics: [sample] });

  expect(pool.metrics()).toContainEqual({ ...sample, labels: { reason: 'stun', worker: '1' } });
  expect(pool.metrics()).toContainEqual({ name: 'earshot_media_sessions', kind: 'gauge', labels: {}, value: 1 });
});

test('a worker that dies comes back at once, on the same ports, with its sessions; its taps and idle pairs are gone', async () => {
  const { pool, lives, told, caller, callee, ready } = await withCall();
  const stream = CALLER_STREAM;
  const other = `t_${'2'.repeat(32)}` as TapId;
  ready(1, 20_004);
  pool.openTap({ tap: TAP, call: CALL, stream, deadlineUs: 9 });
  lives[1]!.events.onMessage({ kind: 'tap.opened', tap: TAP, stream });
  pool.openTap({ tap: other, call: CALL, stream, deadlineUs: 9 });
  const learnt = learntOf(pool.states(CALL)[0]!);
  lives[1]!.events.onMessage({ kind: 'session.state', state: learnt });
  told.length = 0;

  lives[1]!.events.onExit(new Error('a bug'));

  expect(told).toEqual([
    ['ended', { tap: TAP, stream, reason: 'worker_down', frames: 0, dropped: 0 }],
    ['refused', other, stream, 'worker_down'],
    ['down', 1, [CALL]],
  ]);
  expect(lives).toHaveLength(3);
  expect(lives[2]!.start).toMatchObject({ index: 1, taken: [caller, callee], restored: [learnt] });
  expect(lives[2]!.start.firstPair).toBeGreaterThan(lives[1]!.start.firstPair);
  expect(pool.stats()).toMatchObject({ workersReady: 1, sessions: 1, pairsReady: 0, pairsTaken: 2, taps: 0 });
  await Promise.resolve();
  expect(told.at(-1)![0]).toBe('sockets');
  expect(pool.stats().workersReady).toBe(2);
  pool.end(CALL);
  expect(lives[2]!.posted.map(({ kind }) => kind)).toEqual(['session.end', 'pair.free', 'pair.free']);
});

test('a pair that was offered, but has no session yet, is kept through the death of its worker', async () => {
  const { pool, lives, ready } = rig();
  await pool.start();
  ready(0, 20_000, 20_002);
  const offered = pool.takePair('outside')!;

  lives[0]!.events.onExit(undefined);

  expect(lives[2]!.start).toMatchObject({ taken: [offered], restored: [] });
});

test('what signaling says while a worker is down is what its next life begins with', async () => {
  const { pool, lives, clock, caller, callee } = await withCall();
  lives[1]!.events.onExit(undefined);
  lives[2]!.events.onExit(undefined);
  expect(lives).toHaveLength(3);

  pool.apply(session({ generation: 2, caller: { pair: caller }, callee: { pair: callee, activeLeg: null } }));
  clock.advance(500);

  expect(lives[3]!.start.restored).toMatchObject([{ generation: 2, sides: { callee: { activeLeg: null } } }]);
});

test('deaths in a row are answered more and more slowly, a late one at once again', async () => {
  const { lives, clock } = await withCall();
  const dieAndCount = (): number => {
    lives.at(-1)!.events.onExit(undefined);
    return lives.length;
  };
  lives[1]!.events.onExit(undefined);

  expect(dieAndCount()).toBe(3);
  clock.advance(499);
  expect(lives).toHaveLength(3);
  clock.advance(1);
  expect(lives).toHaveLength(4);
  expect(dieAndCount()).toBe(4);
  clock.advance(999);
  expect(lives).toHaveLength(4);
  clock.advance(1);
  expect(lives).toHaveLength(5);
  for (let second = 0; second < 60; second++) {
    for (const { events } of lives) events.onMessage({ kind: 'report', sessions: 0, taps: 0, metrics: [] });
    clock.advance(1000);
  }

  expect(dieAndCount()).toBe(6);
});

test('a worker that says nothing for three seconds is ended and replaced, one that reports is not', async () => {
  const { pool, lives, clock, told } = await withCall();
  const report = { kind: 'report', sessions: 0, taps: 0, metrics: [] } as const;

  for (let second = 0; second < 3; second++) {
    lives[0]!.events.onMessage(report);
    clock.advance(1000);
  }

  expect(lives.map(({ ended }) => ended)).toEqual([0, 1, 0]);
  expect(lives[2]!.start.restored).toHaveLength(1);
  expect(told[0]).toEqual(['down', 1, [CALL]]);
  expect(pool.metrics()).toContainEqual({
    name: 'earshot_media_worker_hangs_total',
    kind: 'counter',
    labels: {},
    value: 1,
  });
});

test('when this thread itself was stopped, no worker is blamed for the silence', async () => {
  const { lives, clock } = await withCall();

  clock.advanceAtOnce(60_000);

  expect(lives.map(({ ended }) => ended)).toEqual([0, 0]);
});

test('every change of a session is told for the mirror, and its end', async () => {
  const { pool, lives, told, caller, callee } = await withCall();
  const signalled = session({ generation: 2, caller: { pair: caller }, callee: { pair: callee } });
  const learnt = learntOf(signalled);

  pool.apply(signalled);
  lives[1]!.events.onMessage({ kind: 'session.state', state: learnt });
  expect(pool.states()).toEqual([learnt]);
  pool.end(CALL);
  lives[1]!.events.onMessage({ kind: 'session.state', state: learnt });

  expect(told).toEqual([
    ['state', CALL, 0, signalled],
    ['state', CALL, 0, learnt],
    ['state', CALL, 0, null],
  ]);
  expect(pool.states()).toEqual([]);
});

test('what an earlier life of the call plane left is bound and gone on with, under ids that stay its own', async () => {
  const { pool, lives } = rig();
  const pairs = { caller: { ...onWorker(1, 20_000), pair: 3_000_007 }, callee: { ...onWorker(1, 20_002), pair: 9 } };
  const state = session({ caller: { pair: pairs.caller }, callee: { pair: pairs.callee } });

  pool.restore([state]);
  await pool.start();

  expect(lives[0]!.start).toMatchObject({ taken: [], restored: [] });
  expect(lives[1]!.start).toMatchObject({ taken: [pairs.caller, pairs.callee], restored: [state] });
  expect(lives.every(({ start }) => start.firstPair > 3_000_007)).toBe(true);
  expect(pool.states()).toEqual([state]);
  expect(pool.stats()).toMatchObject({ sessions: 1, pairsTaken: 2 });
  pool.apply({ ...state, generation: 2 });
  pool.end(CALL);
  expect(lives[1]!.posted.map(({ kind }) => kind)).toEqual(['session.apply', 'session.end', 'pair.free', 'pair.free']);
});

test('a call of a worker that this life does not have goes to one that it has', async () => {
  const { pool, lives } = rig();
  const state = session({ caller: { pair: onWorker(7, 20_000) }, callee: { pair: onWorker(7, 20_002) } });

  pool.restore([state]);
  await pool.start();

  expect(lives[1]!.start.taken?.map(({ worker, rtpPort }) => [worker, rtpPort])).toEqual([
    [1, 20_000],
    [1, 20_002],
  ]);
  expect(lives[0]!.start).toMatchObject({ taken: [], elsewhere: [{ rtpPort: 20_000 }, { rtpPort: 20_002 }] });
  pool.apply({ ...state, generation: 2 });
  expect(lives[1]!.posted).toMatchObject([
    { kind: 'session.apply', state: { sides: { caller: { pair: { worker: 1 } }, callee: { pair: { worker: 1 } } } } },
  ]);
  expect(pool.states(CALL)).toHaveLength(1);
});

test('ports that a call had before it had a session stay its own', async () => {
  const { pool, lives } = rig();
  const pairs = { caller: onWorker(1, 20_000), callee: onWorker(1, 20_002) };

  pool.restore([], [pairs.caller, pairs.callee]);
  await pool.start();

  expect(lives[1]!.start).toMatchObject({ taken: [pairs.caller, pairs.callee], restored: [] });
  expect(lives.every(({ start }) => start.firstPair > Math.max(pairs.caller.pair, pairs.callee.pair))).toBe(true);
  expect(pool.stats()).toMatchObject({ sessions: 0, pairsTaken: 2 });
  pool.freePair(pairs.caller);
  expect(pool.stats().pairsTaken).toBe(1);
});

test('a session that cannot be gone on with is told as over, and its lost pair is not freed', async () => {
  const { pool, lives, told, caller, callee } = await withCall();
  lives[1]!.events.onExit(undefined);
  told.length = 0;

  lives[2]!.events.onMessage({ kind: 'pair.lost', pair: caller });
  lives[2]!.events.onMessage({ kind: 'session.lost', call: CALL, mLine: 0 });
  pool.end(CALL);

  expect(told[0]).toEqual(['state', CALL, 0, null]);
  expect(lives[2]!.posted).toEqual([
    { kind: 'session.end', call: CALL },
    { kind: 'pair.free', pair: callee.pair },
  ]);
  expect(pool.stats().pairsTaken).toBe(0);
});

test('key presses are passed on with their time and length', async () => {
  const { lives, told } = await withCall();

  lives[1]!.events.onMessage({
    kind: 'stream.dtmf',
    call: CALL,
    stream: CALLER_STREAM,
    atUs: 7,
    durationMs: 80,
  });

  expect(told).toEqual([['dtmf', CALL, CALLER_STREAM, 7, 80]]);
});

test('a tap for a call whose worker is down is refused', async () => {
  const { pool, lives, told } = await withCall();
  lives[1]!.events.onExit(undefined);
  told.length = 0;

  pool.openTap({ tap: TAP, call: CALL, stream: CALLER_STREAM, deadlineUs: 9 });

  expect(told).toEqual([['refused', TAP, CALLER_STREAM, 'worker_down']]);
});

test('stopping asks every worker and starts none again', async () => {
  const { pool, lives, clock } = await withCall();

  await pool.stop();
  clock.advance(10_000);

  expect(lives.map(({ posted }) => posted.at(-1))).toEqual([{ kind: 'stop' }, { kind: 'stop' }]);
  expect(lives).toHaveLength(2);
});
