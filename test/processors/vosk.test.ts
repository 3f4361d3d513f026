import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import type { AudioConnection, ConnectionEnd, ProcessorEndpoint, Recognition } from '../../src/processors/processor.ts';
import { VOSK_LIMITS, voskProtocol, type VoskLimits } from '../../src/processors/vosk.ts';
import { VoskServer } from './vosk-server.ts';

const PCM = Buffer.alloc(320, 1);

let server: VoskServer;
let clock: ManualClock;

beforeEach(async () => {
  server = await VoskServer.listen();
  clock = new ManualClock();
});
afterEach(() => server.close());

interface Dialled {
  readonly connection: AudioConnection;
  readonly recognitions: Recognition[];
  readonly ends: ConnectionEnd[];
  readonly opened: Promise<void>;
  readonly ended: Promise<ConnectionEnd>;
  /** Resolves at the next recognition. */
  readonly recognition: () => Promise<Recognition>;
}

function dial(changes: { endpoint?: Partial<ProcessorEndpoint>; limits?: Partial<VoskLimits> } = {}): Dialled {
  const recognitions: Recognition[] = [];
  const ends: ConnectionEnd[] = [];
  const open = deferred<undefined>();
  const end = deferred<ConnectionEnd>();
  let waiting: ((recognition: Recognition) => void) | undefined;
  const endpoint: ProcessorEndpoint = {
    url: server.url,
    model: undefined,
    instructions: undefined,
    credential: undefined,
    sampleRateHz: 8000,
    ...changes.endpoint,
  };
  const connection = voskProtocol(clock, { ...VOSK_LIMITS, ...changes.limits })(endpoint, {
    onOpen: () => open.resolve(undefined),
    onRecognition: (recognition) => {
      recognitions.push(recognition);
      waiting?.(recognition);
    },
    onEnd: (reason) => {
      ends.push(reason);
      end.resolve(reason);
    },
  });
  const recognition = (): Promise<Recognition> => new Promise((resolve) => (waiting = resolve));
  return { connection, recognitions, ends, opened: open.promise, ended: end.promise, recognition };
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((given) => (resolve = given));
  return { promise, resolve };
}

test('the configuration comes first, then the audio as it was given', async () => {
  const { connection, opened } = dial({ endpoint: { sampleRateHz: 16_000 } });
  await opened;

  expect(connection.sendAudio(PCM)).toBe(320);
  await server.messages(2);

  expect(server.received[0]?.bytes.toString()).toBe('{"config":{"sample_rate":16000,"words":true}}');
  expect(server.received[1]).toEqual({ isBinary: true, bytes: PCM });
  connection.abort();
});

test('before the connection is open nothing is taken, and an empty frame is never sent', async () => {
  const { connection, opened } = dial();
  expect(connection.sendAudio(PCM)).toBe(0);
  await opened;

  expect(connection.sendAudio(new Uint8Array(0))).toBe(0);
  connection.sendAudio(PCM);
  await server.messages(2);

  expect(server.received.map(({ bytes }) => bytes.length > 0)).toEqual([true, true]);
  connection.abort();
});

test('the audio handed over is not changed by sending it', async () => {
  const { connection, opened } = dial();
  await opened;
  const shared = Buffer.from(PCM);

  connection.sendAudio(new Uint8Array(shared.buffer, shared.byteOffset, shared.length));
  await server.messages(2);

  expect(shared.equals(PCM)).toBe(true);
  connection.abort();
});

test('partial results are heard when they change, finals with their words, in ms', async () => {
  const replies = [
    '{"partial": ""}',
    '{"partial": "one"}',
    '{"partial": "one"}',
    '{"partial": "one two"}',
    '{"result": [{"conf": 0.5, "start": 0.02, "end": 0.04, "word": "one"}, {"conf": 1, "start": 0.05, "end": 0.08, "word": "two"}], "text": "one two"}',
    '{"partial": "three"}',
  ];
  server.answer = () => replies.shift();
  const { connection, opened, recognitions, recognition } = dial();
  await opened;

  for (let n = 0; n < 6; n += 1) connection.sendAudio(PCM);
  while (recognitions.length < 4) await recognition();

  expect(recognitions).toEqual([
    { final: false, text: 'one', startMs: 0, endMs: 40, words: [] },
    { final: false, text: 'one two', startMs: 0, endMs: 80, words: [] },
    {
      final: true,
      text: 'one two',
      startMs: 20,
      endMs: 80,
      words: [
        { text: 'one', startMs: 20, endMs: 40, confidence: 0.5 },
        { text: 'two', startMs: 50, endMs: 80, confidence: 1 },
      ],
    },
    { final: false, text: 'three', startMs: 100, endMs: 120, words: [] },
  ]);
  connection.abort();
});

test('at the end the last result is awaited and no more audio taken', async () => {
  server.answer = ({ isBinary }) => (isBinary ? '{"partial": "good"}' : '{"text": "goodbye"}');
  const { connection, opened, ended, recognitions } = dial();
  await opened;
  connection.sendAudio(PCM);

  connection.finish();
  expect(connection.sendAudio(PCM)).toBe(0);

  expect(await ended).toBe('closed');
  expect(server.texts.at(-1)).toBe('{"eof" : 1}');
  expect(recognitions.at(-1)).toMatchObject({ final: true, text: 'goodbye' });
  expect(server.audioBytes).toBe(320);
});

test('a server that gives no last result is left after a deadline', async () => {
  server.answer = () => undefined;
  const { connection, opened, ends } = dial();
  await opened;

  connection.finish();
  clock.advance(VOSK_LIMITS.finishMs);

  expect(ends).toEqual(['deadline']);
});

test('a server that stops answering is left after a deadline, and one that is asked nothing is not', async () => {
  server.answer = () => undefined;
  const { connection, opened, ends } = dial();
  await opened;
  clock.advance(600_000);
  expect(ends).toEqual([]);

  connection.sendAudio(PCM);
  clock.advance(VOSK_LIMITS.replyMs - 1);
  expect(ends).toEqual([]);
  clock.advance(1);

  expect(ends).toEqual(['deadline']);
});

test('audio that was not answered is bounded in time and in messages', async () => {
  server.answer = () => undefined;
  const slow = dial({ limits: { maxUnansweredMs: 60 } });
  const many = dial({ limits: { maxUnanswered: 2 } });
  await slow.opened;
  await many.opened;

  const taken = [slow, many].map(({ connection }) => [1, 2, 3, 4].map(() => connection.sendAudio(PCM)));

  expect(taken).toEqual([
    [320, 320, 320, 0],
    [320, 320, 0, 0],
  ]);
  slow.connection.abort();
  many.connection.abort();
});

test('an answer makes room again', async () => {
  server.answer = () => '{"partial": "go on"}';
  const { connection, opened, recognition } = dial({ limits: { maxUnanswered: 1 } });
  await opened;
  connection.sendAudio(PCM);
  expect(connection.sendAudio(PCM)).toBe(0);

  await recognition();

  expect(connection.sendAudio(PCM)).toBe(320);
  connection.abort();
});

test.each([
  ['no JSON', 'hello'],
  ['another JSON', '{"surprise": true}'],
  ['a list', '[]'],
  ['a text that is no text', '{"text": {"$gt": ""}}'],
  ['times that are none', '{"text": "a", "result": [{"word": "a", "start": -1, "end": "x"}]}'],
  ['nothing', ''],
])('a reply that is %s ends the connection as malformed', async (_name, reply) => {
  server.answer = () => reply;
  const { connection, opened, ended, recognitions } = dial();
  await opened;

  connection.sendAudio(PCM);

  expect(await ended).toBe('malformed');
  expect(recognitions).toEqual([]);
  expect(connection.sendAudio(PCM)).toBe(0);
});

test('a reply to nothing ends the connection as malformed', async () => {
  const { opened, ended, recognitions } = dial();
  await opened;

  server.client?.send('{"text": "unasked"}');

  expect(await ended).toBe('malformed');
  expect(recognitions).toEqual([]);
});

test('a binary reply ends the connection as malformed', async () => {
  server.answer = () => undefined;
  const { connection, opened, ended } = dial();
  await opened;
  connection.sendAudio(PCM);
  await server.messages(2);

  server.client?.send(Buffer.from('{"text": "a"}'), { binary: true });

  expect(await ended).toBe('malformed');
});

test('a reply larger than its limit is not read', async () => {
  server.answer = () => JSON.stringify({ text: 'x'.repeat(2000) });
  const { connection, opened, ended, recognitions } = dial({ limits: { maxReplyBytes: 1000 } });
  await opened;

  connection.sendAudio(PCM);

  expect(await ended).toBe('overflow');
  expect(recognitions).toEqual([]);
});

test('a server that says far more than the audio could hold is cut off, and one that says much is not', async () => {
  const limits = { maxReplyBytes: 1000, replyBytesPerSecond: 10_000 };
  const replies = [990, 190, 190, 600].map((bytes) => JSON.stringify({ text: 'x'.repeat(bytes - 11) }));
  server.answer = () => replies.shift();
  const { connection, opened, ended, recognitions, recognition } = dial({ limits });
  await opened;

  // 320 bytes are 20 ms at 8 kHz: 200 bytes of replies.
  for (let heard = 1; heard <= 3; heard += 1) {
    const next = recognition();
    connection.sendAudio(PCM);
    await next;
  }
  connection.sendAudio(PCM);

  expect(await ended).toBe('overflow');
  expect(recognitions).toHaveLength(3);
});

test('after abort nothing is taken, sent or heard, and the end is said once', async () => {
  server.answer = () => '{"text": "late"}';
  const { connection, opened, ended, ends, recognitions } = dial();
  await opened;
  connection.sendAudio(PCM);

  connection.abort();
  connection.abort();
  connection.finish();

  expect(await ended).toBe('closed');
  expect(connection.sendAudio(PCM)).toBe(0);
  expect(ends).toEqual(['closed']);
  expect(recognitions).toEqual([]);
});

test('a connection may be given up before it is open', async () => {
  const finished = dial();
  const aborted = dial();

  finished.connection.finish();
  aborted.connection.abort();

  expect(await finished.ended).toBe('closed');
  expect(await aborted.ended).toBe('closed');
});

test('a server that hangs up ends the connection', async () => {
  const { opened, ended } = dial();
  await opened;

  server.client?.close();

  expect(await ended).toBe('closed');
});

test('a handshake that does not come is given up', async () => {
  const { ends, ended } = dial();

  clock.advance(VOSK_LIMITS.handshakeMs);

  expect(ends).toEqual(['deadline']);
  await ended;
});

test('nobody there, or an address that is none, is refused and throws nothing', async () => {
  const nobody = await VoskServer.listen();
  const { url } = nobody;
  await nobody.close();

  const none = dial({ endpoint: { url: 'not an address' } });
  const closed = dial({ endpoint: { url } });

  expect(await none.ended).toBe('refused');
  expect(await closed.ended).toBe('refused');
});

test('an HTTP refusal is a refusal, and a redirect is not followed', async () => {
  const http = createServer((_request, response) => {
    response.writeHead(302, { location: server.url }).end();
  });
  http.on('upgrade', (_request, socket) => {
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ${server.url}\r\n\r\n`);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;

  const { ended } = dial({ endpoint: { url: `ws://127.0.0.1:${port}` } });

  expect(await ended).toBe('refused');
  expect(server.requests).toEqual([]);
  http.close();
});

test('a credential travels as a bearer token, and only where there is one', async () => {
  const known = dial({ endpoint: { credential: 'hunter2' } });
  await known.opened;
  const unknown = dial();
  await unknown.opened;

  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer hunter2', undefined]);
  known.connection.abort();
  unknown.connection.abort();
});

test('compression is never agreed on', async () => {
  const squeezing = await VoskServer.listen({ perMessageDeflate: true });
  const { connection, opened } = dial({ endpoint: { url: squeezing.url } });
  await opened;

  expect(squeezing.requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  connection.abort();
  await squeezing.close();
});
