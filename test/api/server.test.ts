import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/api/limits.ts';
import { startApi, type ApiOptions, type RunningApi } from '../../src/api/server.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { problemSchema } from '../../src/model/api/words.ts';
import { bearerOf, holderOf, makeFakeAdministration, type FakeAdministration } from './fake-administration.ts';

const BEARER = bearerOf(1);
const RECHECK_MS = 5000;

let folder: string;
let socketPath: string;
let fake: FakeAdministration;
let clock: ManualClock;
let running: RunningApi | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-api-'));
  socketPath = join(folder, 'api.sock');
  fake = makeFakeAdministration();
  fake.holders.set(BEARER, holderOf(['auditor'], 'all'));
  clock = new ManualClock();
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<ApiOptions> = {}): Promise<RunningApi> {
  running = await startApi({
    socketPath,
    http: { address: '127.0.0.1', port: 0 },
    administration: fake.verbs,
    health: () => ({ ready: true, conditions: [] }),
    log: silentLog,
    clock,
    ...options,
  });
  return running;
}

interface Asking {
  readonly method?: string;
  readonly path: string;
  readonly bearer?: string;
  readonly place: { readonly port: number } | { readonly socketPath: string };
}

async function ask({ method = 'GET', path, bearer, place }: Asking): Promise<IncomingMessage> {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  const asked = request({ host: '127.0.0.1', ...place, method, path, headers });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** Of the event loop: what is on its way between two sockets has come by then. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lines that come when the test says so, and that end when the signal does. */
function makeLines() {
  const waiting: ((item: object | undefined) => void)[] = [];
  const given: object[] = [];
  const state = { isReturned: false, taken: 0 };
  let onReturned: () => void = () => undefined;
  const returned = new Promise<void>((resolve) => (onReturned = resolve));
  async function* items(signal: AbortSignal): AsyncGenerator<object> {
    signal.addEventListener('abort', () => waiting.splice(0).forEach((resolve) => resolve(undefined)));
    try {
      while (!signal.aborted) {
        const item = given.shift() ?? (await new Promise<object | undefined>((resolve) => waiting.push(resolve)));
        if (item === undefined) return;
        state.taken += 1;
        yield item;
      }
    } finally {
      state.isReturned = true;
      onReturned();
    }
  }
  return {
    items,
    state,
    returned,
    give: (item: object) => {
      const resolve = waiting.shift();
      if (resolve === undefined) given.push(item);
      else resolve(item);
    },
  };
}

test('it listens at a socket that nobody else can open, and over TCP', async () => {
  const { port } = await start();

  const atSocket = await ask({ path: '/v1/health', place: { socketPath } });
  const overTcp = await ask({ path: '/v1/health', place: { port } });

  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  expect([atSocket.statusCode, overTcp.statusCode]).toEqual([200, 200]);
  expect(await read(overTcp)).toBe(await read(atSocket));
});

test('only at the socket is somebody without a token let near the kill switch', async () => {
  const { port } = await start();

  const atSocket = await ask({ path: '/v1/revocations', place: { socketPath } });
  const overTcp = await ask({ path: '/v1/revocations', place: { port } });

  expect([atSocket.statusCode, overTcp.statusCode]).toEqual([200, 401]);
});

test('a header that claims another address, or to be local, changes nothing', async () => {
  const { port } = await start();
  const asked = request({
    host: '127.0.0.1',
    port,
    path: '/v1/revocations',
    headers: { 'x-forwarded-for': 'unix:', 'x-real-ip': '', forwarded: 'for=local', host: 'localhost' },
  });
  asked.end();

  const [response] = (await once(asked, 'response')) as [IncomingMessage];

  expect(response.statusCode).toBe(401);
  response.resume();
});

test('a socket left by a dead process is taken over', async () => {
  writeFileSync(socketPath, '');

  await start();

  expect((await ask({ path: '/v1/health', place: { socketPath } })).statusCode).toBe(200);
});

test('a port that is taken is said so by name, and then it listens nowhere', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };

  const refused = await start({ http: { address: '127.0.0.1', port } }).catch((error: unknown) => error);

  expect(refused).toMatchObject({ name: 'ApiStartError', code: 'PORT_TAKEN' });
  expect(String(refused)).toContain(`127.0.0.1:${port}`);
  await expect(ask({ path: '/v1/health', place: { socketPath } })).rejects.toThrow();
  other.close();
});

test.each([
  ['missing', undefined, 'TLS_UNREADABLE', 'api.tls.cert'],
  ['no PEM', 'the text of a secret', 'TLS_INVALID', 'api.tls'],
] as const)('TLS files that are %s are named, not quoted', async (_name, content, code, setting) => {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  if (content !== undefined) for (const file of Object.values(files)) writeFileSync(file, content);

  const refused = await start({ tls: files }).catch((error: unknown) => error);

  expect(refused).toMatchObject({ name: 'ApiStartError', code });
  expect(String(refused)).toContain(setting);
  expect(String(refused)).not.toContain('secret');
});

test('bytes that are no HTTP are refused with a problem, and the connection ends', async () => {
  const { port } = await start();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));

  socket.write('\u0016\u0003\u0001 nonsense\r\n\r\n');
  await once(socket, 'close');

  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  expect(problemSchema.parse(JSON.parse(body))).toMatchObject({ status: 400, code: 'MALFORMED' });
});

test('headers that are too large are refused', async () => {
  const { port } = await start();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));

  socket.write(`GET /v1/health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`);
  await once(socket, 'close');

  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});

test('whoever watches is let in before anything happens, and given each thing as it does', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  const { port } = await start();

  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });
  lines.give({ kind: 'call', seq: 1 });
  const [first] = (await once(response, 'data')) as [Buffer];

  expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
  expect(first.toString()).toBe('{"kind":"call","seq":1}\n');
  response.destroy();
});

test('a watcher who goes away is forgotten at once', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  const { port } = await start();
  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });

  response.destroy();
  await lines.returned;

  expect(lines.state.isReturned).toBe(true);
});

test('a watcher who is gone before he is let in takes nobody a place', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  const { port } = await start();
  const holder = fake.holders.get(BEARER);
  for (let n = 0; n < LIMITS.streamsAToken; n += 1) {
    let letIn: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      fake.verbs.authenticate = async (bearer) => {
        const held = new Promise<void>((go) => (letIn = go));
        resolve();
        await held;
        return bearer === BEARER ? holder : undefined;
      };
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${BEARER}\r\n\r\n`);
    await asked;
    socket.resetAndDestroy();
    await manyTurns();
    letIn();
    await manyTurns();
  }
  fake.verbs.authenticate = () => Promise.resolve(holder as never);

  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });

  expect(response.statusCode).toBe(200);
  response.destroy();
});

test('a token that is revoked while somebody watches with it ends what he watches', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  const { port } = await start();
  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });
  clock.advance(RECHECK_MS);

  fake.holders.delete(BEARER);
  clock.advance(RECHECK_MS);
  const broken = await read(response).catch((error: unknown) => error);

  // Broken off, not ended: nobody takes it for the whole.
  expect(broken).toBeInstanceOf(Error);
  await lines.returned;
});

test('a database that is away ends nothing, until the token would have expired', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  fake.holders.set(BEARER, { ...holderOf(['auditor'], 'all'), expiresMs: clock.wallMs() + 3 * RECHECK_MS });
  const { port } = await start();
  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });
  fake.failToAuthenticate(new Error('away'));

  clock.advance(2 * RECHECK_MS);
  lines.give({ seq: 1 });
  await once(response, 'data');
  clock.advance(RECHECK_MS);
  const broken = await read(response).catch((error: unknown) => error);

  expect(broken).toBeInstanceOf(Error);
});

test('rows are made no faster than they are read', async () => {
  const state = { made: 0 };
  async function* rows(): AsyncGenerator<object> {
    for (;;) {
      state.made += 1;
      yield await Promise.resolve({ raw: 'x'.repeat(10_000) });
    }
  }
  fake.verbs.exportLedger = () => Promise.resolve(rows() as never);
  const { port } = await start();

  const response = await ask({ path: '/v1/ledger/raw', bearer: BEARER, place: { port } });
  response.pause();
  let before = -1;
  // As many turns of the event loop as it takes for nothing more to be made.
  while (before !== state.made) {
    before = state.made;
    await manyTurns();
  }

  // What fits into the buffers of two sockets, not more.
  expect(state.made * 10_000).toBeLessThan(64 * 1024 * 1024);
  response.destroy();
});

test('rows that break off are broken off for the reader too', async () => {
  async function* rows(): AsyncGenerator<object> {
    yield await Promise.resolve({ seq: 0 });
    throw new Error('the database went away');
  }
  fake.verbs.exportLedger = () => Promise.resolve(rows() as never);
  const { port } = await start();

  const response = await ask({ path: '/v1/ledger/raw', bearer: BEARER, place: { port } });
  const broken = await read(response).catch((error: unknown) => error);

  expect(response.statusCode).toBe(200);
  expect(broken).toBeInstanceOf(Error);
});

test('a token reads a few such answers at once, and no more; each that ends makes room', async () => {
  const all = Array.from({ length: 10 }, makeLines);
  let begun = 0;
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(all[begun++]!.items(signal) as never);
  const { port } = await start();
  const watch = () => ask({ path: '/v1/events', bearer: BEARER, place: { port } });

  const open = await Promise.all(Array.from({ length: 8 }, watch));
  const refused = await watch();
  open[0]!.destroy();
  await Promise.race(all.map(({ returned }) => returned));
  const again = await watch();

  expect(open.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(refused.statusCode).toBe(503);
  expect(JSON.parse(await read(refused))).toMatchObject({ code: 'TOO_MANY_STREAMS' });
  expect(again.statusCode).toBe(200);
  for (const response of [...open, again]) response.destroy();
});

test('what is refused before the first line leaves no room taken', async () => {
  fake.failWith(new Error('broken'));
  const { port } = await start();

  const found: (number | undefined)[] = [];
  for (let n = 0; n < 10; n += 1) {
    const response = await ask({ path: '/v1/ledger/raw', bearer: BEARER, place: { port } });
    found.push(response.statusCode);
    response.resume();
  }

  expect(new Set(found)).toEqual(new Set([500]));
});

test('stopping ends what is still being read', async () => {
  const lines = makeLines();
  fake.verbs.watchEvents = (_principal, { signal }) => Promise.resolve(lines.items(signal) as never);
  const api = await start();
  const { port } = api;
  const response = await ask({ path: '/v1/events', bearer: BEARER, place: { port } });
  const end = read(response).catch((error: unknown) => error);

  await api.stop();
  await lines.returned;

  expect(await end).toBeInstanceOf(Error);
});
