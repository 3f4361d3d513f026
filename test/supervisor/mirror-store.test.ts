import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { newId, type CallId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { MAX_MIRRORED_CALLS } from '../../src/link/mirror.ts';
import { MirrorClient, type Mirrored } from '../../src/link/mirror-client.ts';
import { MirrorStore } from '../../src/supervisor/mirror-store.ts';

let folder: string;
let server: Server;
let clock: ManualClock;
let store: MirrorStore;
let clients: MirrorClient[];
/** The store's ends of them. */
let connections: Socket[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-mirror-'));
  clock = new ManualClock();
  clients = [];
  await openStore();
});

afterEach(async () => {
  for (const client of clients) client.stop();
  await closeStore();
  rmSync(folder, { recursive: true });
});

test('a new life is given what the last one left, newest state of each living call', async () => {
  const first = await startLife('01');
  const [kept, over] = [newId('call'), newId('call')];
  first.put(kept, { step: 1 });
  first.put(over, { step: 1 });
  await first.arrived(2);
  first.put(kept, { step: 2 });
  first.end(over);
  await first.arrived(1);
  first.client.stop();
  clock.advance(60_000);
  store.onPlaneGone(false);

  const next = await startLife('02');

  expect(next.kept).toEqual([{ call: kept, state: { step: 2 } }]);
  await ticks(5);
  expect(store.restored).toBe(1);
});

test('what a process was towards its peers is given to the next, calls or not', async () => {
  const first = await startLife('01');
  await first.arrived(0);
  first.client.stop();
  store.onPlaneGone(false);

  expect((await startLife('02')).own).toBe('own of 01');
});

test('a call that could not be gone on with is let go', async () => {
  const first = await startLife('01');
  const call = newId('call');
  first.put(call, {});
  await first.arrived(1);
  first.client.stop();
  store.onPlaneGone(false);

  const next = await startLife('02', []);
  expect(next.kept).toHaveLength(1);

  await next.arrived(0);
});

test('a supervisor that was too late is told what it keeps for nothing', async () => {
  const first = await startLife('01');
  const call = newId('call');
  first.put(call, {});
  await first.arrived(1);
  first.client.stop();
  store.onPlaneGone(false);

  const client = clientOf('02');
  const fetching = client.fetch(0);
  clock.advance(1);
  const left = await fetching;
  client.follow(mirroredOf('02', new Map()));

  expect(left.calls).toEqual([]);
  await arrived(0);
});

test('thousands of calls are told a few at a time, and all of them', async () => {
  const states = new Map(Array.from({ length: 2000 }, (_, at) => [newId('call'), { at }] as const));
  const written: number[] = [];
  let now = 0;
  const client = clientOf('01');
  await client.fetch(1000);
  client.follow({
    own: () => null,
    calls: () => states.keys(),
    stateOf: (call) => {
      now += 1;
      return states.get(call);
    },
  });
  for (let turn = 0; turn < 500; turn += 1) {
    clock.advance(20);
    written.push(now);
    now = 0;
    await new Promise(setImmediate);
  }

  expect(Math.max(...written)).toBeLessThanOrEqual(32);
  expect(store.size).toBe(2000);
});

test('changes that follow each other closely travel as one, with the state as it is then', async () => {
  const { client, put, arrived } = await startLife('01');
  const call = newId('call');

  put(call, { step: 1 });
  put(call, { step: 2 });
  put(call, { step: 3 });
  await arrived(1);
  client.stop();
  store.onPlaneGone(false);

  expect((await startLife('02')).kept).toEqual([{ call, state: { step: 3 } }]);
});

test('a supervisor that came back empty is told everything by the plane that lived on', async () => {
  const life = await startLife('01');
  const call = newId('call');
  life.put(call, { step: 1 });
  await life.arrived(1);
  await closeStore();

  await openStore();
  await life.arrived(1);
  life.client.stop();
  store.onPlaneGone(false);

  expect((await startLife('02')).kept).toEqual([{ call, state: { step: 1 } }]);
});

test('a plane that was asked to end leaves nothing for the next', async () => {
  const life = await startLife('01');
  life.put(newId('call'), {});
  await life.arrived(1);

  store.onPlaneGone(true);

  expect(store.size).toBe(0);
});

test('calls that two lives died of are given up, so that a third can carry others', async () => {
  const call = newId('call');
  const first = await startLife('01');
  first.put(call, { poison: true });
  await first.arrived(1);
  first.client.stop();
  clock.advance(60_000);
  store.onPlaneGone(false);
  for (const life of ['02', '03']) {
    const given = await startLife(life);
    expect(given.kept).toHaveLength(1);
    given.client.stop();
    store.onPlaneGone(false);
  }

  expect((await startLife('04')).kept).toEqual([]);
});

test('a life that proved itself is no suspect, however it ends', async () => {
  const call = newId('call');
  const first = await startLife('01');
  first.put(call, {});
  await first.arrived(1);
  first.client.stop();
  for (const life of ['02', '03', '04']) {
    clock.advance(60_000);
    store.onPlaneGone(false);
    const given = await startLife(life, [[call, {}]]);
    expect(given.kept).toHaveLength(1);
    given.client.stop();
  }
});

test('calls that are more than one connection may hold unsent are all given, as fast as they are taken', async () => {
  const states = new Map(Array.from({ length: 320 }, () => [newId('call'), 'x'.repeat(240_000)] as const));
  const first = await startLife('01', [...states]);
  await ticks(500);
  await arrived(320);
  first.client.stop();
  store.onPlaneGone(false);

  const next = await startLife('02', [...states]);

  expect(next.kept).toHaveLength(320);
  await ticks(5);
  expect(store.restored).toBe(320);
});

test('a life whose connection broke while it was given its calls is given all of them again', async () => {
  const states = new Map(Array.from({ length: 50 }, () => [newId('call'), 'x'.repeat(240_000)] as const));
  const first = await startLife('01', [...states]);
  await arrived(50);
  first.client.stop();
  store.onPlaneGone(false);
  const client = clientOf('02');
  const fetching = client.fetch(1e9);
  const [broken] = (await once(server, 'connection')) as [Socket];

  broken.once('drain', () => broken.destroy());
  const left = await everyTick(fetching);

  expect(left.calls).toHaveLength(50);
});

test('a start is patient with a supervisor that is still giving', async () => {
  const states = new Map(Array.from({ length: 50 }, () => [newId('call'), 'x'.repeat(240_000)] as const));
  const first = await startLife('01', [...states]);
  await arrived(50);
  first.client.stop();
  store.onPlaneGone(false);

  const fetching = clientOf('02').fetch(1000);
  const [connection] = (await once(server, 'connection')) as [Socket];
  // Longer than its patience, all in all.
  connection.on('drain', () => clock.advance(900));
  const left = await fetching;

  expect(left.calls).toHaveLength(50);
});

test('what there is no room for is not kept, nor an older state of it, and is counted', async () => {
  await closeStore();
  await openStore(100);
  const life = await startLife('01');
  const [small, growing] = [newId('call'), newId('call')];
  life.put(small, 'x'.repeat(50));
  life.put(growing, 'x'.repeat(30));
  await life.arrived(2);

  life.put(growing, 'x'.repeat(60));
  await life.arrived(1);

  expect(store.refused).toBe(1);
  life.end(small);
  await life.arrived(0);
  life.put(growing, 'x'.repeat(60));
  await life.arrived(1);
});

test('a supervisor that takes nothing costs the plane no memory, and is told the newest when it does again', async () => {
  const life = await startLife('01');
  await arrived(0);
  const connection = connections.at(-1)!;
  connection.pause();
  const calls = Array.from({ length: 200 }, () => newId('call'));
  for (const call of calls) life.put(call, 'x'.repeat(200_000));
  const writtenBefore = life.written();

  await ticks(500);

  expect(life.written() - writtenBefore).toBeLessThan(100);
  connection.resume();
  await life.arrived(200);
});

test('a plane whose place another took for a moment connects again, and its calls are kept as before', async () => {
  const life = await startLife('01');
  const call = newId('call');
  life.put(call, { step: 1 });
  await life.arrived(1);
  const stranger = clientOf('99');
  await stranger.fetch(1000);
  stranger.stop();
  await ticks(50);

  life.put(call, { step: 2 });
  life.put(newId('call'), {});

  await life.arrived(2);
});

test('a call that ended while its plane was cut off is not kept for the next life', async () => {
  const life = await startLife('01');
  const [kept, over] = [newId('call'), newId('call')];
  life.put(kept, { step: 1 });
  life.put(over, { step: 1 });
  await life.arrived(2);

  connections.at(-1)!.destroy();
  life.end(over);

  await life.arrived(1);
  expect(store.restored).toBe(0);
});

test('a supervisor that took nothing for more calls than it may keep is told which live when it is back', async () => {
  const life = await startLife('01');
  const call = newId('call');
  const stuck = connections.at(-1)!;
  stuck.pause();
  for (let ended = 0; ended < 16; ended += 1) life.put(newId('call'), 'x'.repeat(200_000));
  await ticks(20);
  for (let ended = 0; ended <= 2 * MAX_MIRRORED_CALLS; ended += 1) life.end(newId('call'));
  life.put(call, { step: 1 });

  stuck.resume();

  await life.arrived(17);
});

test('without a supervisor a start goes on with nothing after its time is up', async () => {
  await closeStore();
  const client = clientOf('01');
  const fetching = client.fetch(1000);

  clock.advance(1000);

  expect(await fetching).toEqual({ own: undefined, calls: [] });
});

async function openStore(maxChars?: number): Promise<void> {
  store = new MirrorStore({ clock, log: silentLog, ...(maxChars === undefined ? {} : { maxChars }) });
  connections = [];
  server = createServer((socket) => {
    connections.push(socket);
    store.accept(socket);
  });
  server.listen(join(folder, 's'));
  await once(server, 'listening');
}

async function closeStore(): Promise<void> {
  store.close();
  await new Promise((resolve) => server.close(resolve));
}

async function startLife(life: string, living: readonly (readonly [CallId, unknown])[] = []) {
  const states = new Map(living);
  const client = clientOf(life);
  const { own, calls } = await client.fetch(1000);
  let written = 0;
  const mirrored = mirroredOf(life, states);
  client.follow({
    ...mirrored,
    stateOf: (call) => {
      written += 1;
      return mirrored.stateOf(call);
    },
  });
  return {
    client,
    own,
    /** States it wrote down for the store. */
    written: () => written,
    kept: calls,
    put: (call: CallId, state: unknown) => {
      states.set(call, state);
      client.note(call);
    },
    end: (call: CallId) => {
      states.delete(call);
      client.note(call);
    },
    arrived,
  };
}

/** Lets the gathered changes go out and waits until the store holds that many calls. */
async function arrived(calls: number): Promise<void> {
  await ticks(500);
  expect(store.size).toBe(calls);
}

async function ticks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    clock.advance(20);
    await new Promise(setImmediate);
  }
}

/** Moves the clock while it is waited for. */
async function everyTick<Value>(waitedFor: Promise<Value>): Promise<Value> {
  let isOver = false;
  void waitedFor.finally(() => (isOver = true));
  while (!isOver) {
    await new Promise(setImmediate);
    clock.advance(1);
  }
  return waitedFor;
}

function mirroredOf(life: string, states: Map<CallId, unknown>): Mirrored {
  return { own: () => `own of ${life}`, stateOf: (call) => states.get(call), calls: () => states.keys() };
}

function clientOf(life: string): MirrorClient {
  const client = new MirrorClient({ socketPath: join(folder, 's'), life, clock, log: silentLog });
  clients.push(client);
  return client;
}
