import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { CHAT_LIMITS, OpenAiChat, type ChatLimits } from '../../src/processors/openai-chat.ts';
import type { InferOutcome } from '../../src/processors/processor.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const TURNS = [{ role: 'customer', text: 'my card is [CARD_1]' }];

async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handler(request, response, Buffer.concat(parts).toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function chat(url: string, more: { clock?: ManualClock; limits?: Partial<ChatLimits>; credential?: string } = {}) {
  const endpoint = {
    url,
    model: 'small',
    instructions: 'Be brief.',
    credential: more.credential,
    sampleRateHz: 16000 as const,
  };
  const processor = new OpenAiChat(endpoint, more.clock ?? new ManualClock(), { ...CHAT_LIMITS, ...more.limits });
  cleanups.push(() => processor.close());
  return processor;
}

function infer(processor: OpenAiChat, signal = new AbortController().signal): Promise<InferOutcome> {
  return processor.infer(TURNS, { signal });
}

function event(content: string, finish: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
}

const WHOLE = `${event('Offer ')}${event('a refund — '.repeat(2))}${event('now', 'stop')}data: [DONE]\n\n`;

test('an answer streamed byte by byte arrives whole, and the request is what was promised', async () => {
  const seen: { headers?: IncomingMessage['headers']; url?: string | undefined; body?: string } = {};
  const url = await serve((request, response, body) => {
    Object.assign(seen, { headers: request.headers, url: request.url, body });
    startStream(response);
    for (const byte of Buffer.from(WHOLE)) response.write(Buffer.of(byte));
    response.end();
  });

  const outcome = await infer(chat(url, { credential: 'sk-secret' }));

  expect(outcome).toEqual({
    kind: 'answered',
    text: 'Offer a refund — a refund — now',
    sentBytes: Buffer.byteLength(seen.body ?? ''),
  });
  expect(seen.url).toBe('/v1/chat/completions');
  expect(seen.headers?.authorization).toBe('Bearer sk-secret');
  expect(seen.body).not.toContain('sk-secret');
  expect(JSON.parse(seen.body ?? '')).toEqual({
    model: 'small',
    stream: true,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'customer: my card is [CARD_1]' },
    ],
  });
});

test('an answer that says nothing is empty', async () => {
  const url = await serve((_request, response) => {
    startStream(response);
    response.end(`${event(' \n', 'stop')}data: [DONE]\n\n`);
  });

  expect((await infer(chat(url))).kind).toBe('empty');
});

test.each([
  [401, 'refused'],
  [404, 'refused'],
  [429, 'unavailable'],
  [503, 'unavailable'],
  [500, 'failed'],
  [204, 'failed'],
])('status %i is %s, however long its page', async (status, kind) => {
  const url = await serve((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(status === 204 ? undefined : 'x'.repeat(100_000));
  });

  const outcome = await infer(chat(url));

  expect(outcome.kind).toBe(kind);
  expect(outcome.sentBytes).toBeGreaterThan(0);
});

test('a redirect is not followed', async () => {
  const paths: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    paths.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });

  const outcome = await infer(chat(url, { credential: 'sk-secret' }));

  expect(outcome.kind).toBe('failed');
  expect(paths).toEqual(['/v1/chat/completions']);
});

test.each([
  ['nonsense in an event', 'data: {"choices":[{"delta":\n\n'],
  ['an event that is not a chunk', 'data: []\n\n'],
  ['bytes that are not UTF-8', Buffer.of(0x64, 0xff, 0xfe)],
  ['a line without end', 'x'.repeat(100_000)],
  ['a stream that ends inside the answer', event('half an ans')],
])('%s is a failure', async (_what, body) => {
  const url = await serve((_request, response) => {
    startStream(response);
    response.end(body);
  });

  expect((await infer(chat(url))).kind).toBe('failed');
});

test('a page that is no event stream is a failure', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ choices: [{ message: { content: 'hello' } }] }));
  });

  expect((await infer(chat(url))).kind).toBe('failed');
});

test('a connection that breaks inside the answer is a failure, not a shorter answer', async () => {
  const url = await serve((_request, response) => {
    startStream(response);
    response.write(event('half an ans'), () => response.destroy());
  });

  expect((await infer(chat(url))).kind).toBe('failed');
});

test.each([
  ['text', event('word '.repeat(200)).repeat(30)],
  ['events without text', event('').repeat(8000)],
])('an answer with too much %s is oversize', async (_what, body) => {
  const url = await serve((_request, response) => {
    startStream(response);
    response.end(body);
  });

  expect((await infer(chat(url))).kind).toBe('oversize');
});

test('a request over its own limit is never sent', async () => {
  let requests = 0;
  const url = await serve((_request, response) => {
    requests += 1;
    response.end();
  });

  const outcome = await infer(chat(url, { limits: { maxRequestBytes: 50 } }));

  expect(outcome).toEqual({ kind: 'oversize', sentBytes: 0 });
  expect(requests).toBe(0);
});

test('a processor that accepts and then says nothing ends at the first-byte deadline', async () => {
  const clock = new ManualClock();
  const url = await serve(() => clock.advance(CHAT_LIMITS.firstByteMs));

  const outcome = await infer(chat(url, { clock }));

  expect(outcome.kind).toBe('deadline');
  expect(outcome.sentBytes).toBeGreaterThan(0);
});

test('headers and comments do not count as a first byte', async () => {
  const clock = new ManualClock();
  const url = await serve((_request, response) => {
    startStream(response);
    response.write(': still thinking\n\n', () => clock.advance(CHAT_LIMITS.firstByteMs));
  });

  expect((await infer(chat(url, { clock }))).kind).toBe('deadline');
});

test('a processor that drips its answer ends at the deadline of the whole', async () => {
  const clock = new ManualClock();
  const url = await serve((_request, response) => {
    startStream(response);
    const drip = (): void => {
      if (response.destroyed) return;
      response.write(event('a'), () => {
        setImmediate(() => {
          clock.advance(1000);
          drip();
        });
      });
    };
    drip();
  });

  expect((await infer(chat(url, { clock, limits: { idleMs: 60_000 } }))).kind).toBe('deadline');
});

test('a connection that is never finished ends at the connect deadline with nothing sent', async () => {
  const clock = new ManualClock();
  const sockets: Socket[] = [];
  // A TCP peer that never says a word of TLS: the connection is there and may not be used.
  const server = createTcpServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;

  const pending = infer(chat(`https://127.0.0.1:${port}`, { clock }));
  await once(server, 'connection');
  clock.advance(CHAT_LIMITS.connectMs);

  expect(await pending).toEqual({ kind: 'deadline', sentBytes: 0 });
});

test('a port where nobody listens is unavailable, and nothing was sent', async () => {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');

  const outcome = await infer(chat(`http://127.0.0.1:${port}`));

  expect(outcome).toEqual({ kind: 'unavailable', sentBytes: 0 });
});

test('the caller can cancel before, while waiting, and inside the answer', async () => {
  const inside = new AbortController();
  const url = await serve((_request, response) => {
    startStream(response);
    response.write(event('half'), () => inside.abort());
  });
  const processor = chat(url, { limits: { concurrency: 1 } });

  const before = await infer(processor, AbortSignal.abort());
  const first = infer(processor, inside.signal);
  const waiter = new AbortController();
  const waiting = infer(processor, waiter.signal);
  waiter.abort();

  expect(before).toEqual({ kind: 'cancelled', sentBytes: 0 });
  expect(await waiting).toEqual({ kind: 'cancelled', sentBytes: 0 });
  expect((await first).kind).toBe('cancelled');
});

test('past its concurrency requests wait in order, and past its queue they are refused at once', async () => {
  const held: ServerResponse[] = [];
  const arrived: (() => void)[] = [];
  const url = await serve((_request, response) => {
    held.push(response);
    arrived.shift()?.();
  });
  const processor = chat(url, { limits: { concurrency: 1, queue: 1 } });
  const firstArrived = new Promise<void>((resolve) => arrived.push(resolve));

  const first = infer(processor);
  const second = infer(processor);
  const third = await infer(processor);
  await firstArrived;
  const atOnce = held.length;
  const secondArrived = new Promise<void>((resolve) => arrived.push(resolve));
  finish(held[0]!);
  await secondArrived;
  finish(held[1]!);

  expect(third).toEqual({ kind: 'unavailable', sentBytes: 0, untried: true });
  expect(atOnce).toBe(1);
  expect((await first).kind).toBe('answered');
  expect((await second).kind).toBe('answered');
});

test('a request that waits for its turn longer than the whole may last ends at the deadline', async () => {
  const clock = new ManualClock();
  const url = await serve(() => undefined);
  const processor = chat(url, { clock, limits: { concurrency: 1, firstByteMs: 60_000, connectMs: 60_000 } });

  const first = infer(processor);
  const second = infer(processor);
  clock.advance(CHAT_LIMITS.totalMs);

  expect((await first).kind).toBe('deadline');
  expect(await second).toEqual({ kind: 'deadline', sentBytes: 0 });
});

test('a closed processor takes no more requests and ends those it has', async () => {
  const arrival: { resolve: () => void } = { resolve: () => undefined };
  const arrived = new Promise<void>((resolve) => {
    arrival.resolve = resolve;
  });
  const url = await serve(() => arrival.resolve());
  const processor = chat(url);

  const running = infer(processor);
  await arrived;
  await processor.close();

  expect((await running).kind).toBe('unavailable');
  expect(await infer(processor)).toEqual({ kind: 'unavailable', sentBytes: 0 });
});

function finish(response: ServerResponse): void {
  startStream(response);
  response.end(WHOLE);
}

test('a raw peer that speaks no HTTP is a failure', async () => {
  const server = createTcpServer((socket) => socket.end('SSH-2.0-nonsense\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const outcome = await infer(chat(`http://127.0.0.1:${port}`));

  expect(['failed', 'unavailable']).toContain(outcome.kind);
});
