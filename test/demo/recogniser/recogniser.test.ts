import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { SpeechEngine } from '../../../src/demo/recogniser/engine.ts';
import { createDemoEngine } from '../../../src/demo/recogniser/find-recogniser.ts';
import { startRecogniser, type Recogniser } from '../../../src/demo/recogniser/recogniser.ts';
import { createScriptedEngine } from '../../../src/demo/recogniser/scripted.ts';
import { loadRecording } from '../../../src/demo/speech.ts';
import { samplesToBytes } from '../../../src/demo/wav.ts';
import { join, silence } from '../tone.ts';

const CONFIG = JSON.stringify({ config: { sample_rate: 16_000, words: true } });
const EOF = '{"eof" : 1}';
const SECOND = Buffer.alloc(32_000);

let recogniser: Recogniser | undefined;
let heard: string[] = [];
let clock = new ManualClock();

beforeEach(() => {
  heard = [];
  clock = new ManualClock();
});

afterEach(async () => {
  await recogniser?.stop();
  recogniser = undefined;
});

test('every message but the configuration has exactly one reply, and a line is said once its time has passed', async () => {
  const { url } = await start(createScriptedEngine(() => [{ text: 'pay my bill', startMs: 1000, endMs: 1900 }]));
  const client = await connect(url);

  const replies = await client.talk([CONFIG, SECOND, SECOND, SECOND, EOF]);

  expect(replies.map((reply) => reply['text'] ?? reply['partial'])).toEqual(['', 'pay my bill', '', '']);
  expect(replies[1]?.['result']).toEqual([
    { conf: 1, start: 1, end: 1.3, word: 'pay' },
    { conf: 1, start: 1.3, end: 1.6, word: 'my' },
    { conf: 1, start: 1.6, end: 1.9, word: 'bill' },
  ]);
  expect(heard).toEqual(['0: pay my bill']);
});

test('it counts the audio of each connection and remembers its configuration and the order of messages', async () => {
  const { url } = await start(createScriptedEngine(() => []));
  const first = await connect(url);
  const second = await connect(url);

  await first.talk([CONFIG, SECOND, SECOND.subarray(0, 33), EOF]);
  await second.talk([SECOND.subarray(0, 7)]);

  expect(recogniser?.bytesReceived).toBe(32_040);
  expect(recogniser?.connections.map((one) => one.bytesReceived)).toEqual([32_033, 7]);
  expect(recogniser?.connections[0]?.messages).toEqual(['config', 'audio', 'audio', 'eof']);
  expect(recogniser?.connections[0]?.config).toEqual({ sample_rate: 16_000, words: true });
  expect(recogniser?.connections[1]?.config).toBeUndefined();
});

test('what is still unsaid at the end comes in the last reply, then the connection closes', async () => {
  const lines = ['one', 'two', 'three'].map((text) => ({ text, startMs: 0, endMs: 100 }));
  const { url } = await start(createScriptedEngine(() => lines));
  const client = await connect(url);

  const replies = await client.talk([CONFIG, SECOND, EOF]);

  expect(replies.map((reply) => reply['text'])).toEqual(['one', 'two three']);
  await client.closed;
});

test('junk is answered like anything else and changes nothing', async () => {
  const { url } = await start(createScriptedEngine(() => [{ text: 'still here', startMs: 0, endMs: 500 }]));
  const client = await connect(url);
  const junk = ['{', 'null', '[]', '{"config":7}', '{"config":{"sample_rate":"x"}}', '{"eof":2}', '{"__proto__":{}}'];

  const replies = await client.talk([...junk, SECOND]);

  expect(replies).toHaveLength(junk.length + 1);
  expect(replies.at(-1)?.['text']).toBe('still here');
  expect(recogniser?.connections[0]?.messages).toEqual([...junk.map(() => 'junk'), 'audio']);
});

test('a message larger than the limit ends the connection and nothing else', async () => {
  const { url } = await start(createScriptedEngine(() => []));
  const client = await connect(url);

  client.socket.send(Buffer.alloc(300 * 1024));
  await client.closed;
  const another = await connect(url);

  expect(await another.talk([SECOND])).toEqual([{ partial: '' }]);
  expect(recogniser?.bytesReceived).toBe(SECOND.length);
});

test('a sample rate the engine cannot hear is refused before any audio', async () => {
  const { url } = await start(createScriptedEngine(() => []));
  const client = await connect(url);

  client.socket.send(JSON.stringify({ config: { sample_rate: 44_100 } }));
  client.socket.send(SECOND);
  const [code] = await client.closed;

  expect(code).toBe(1003);
  expect(recogniser?.bytesReceived).toBe(0);
});

test('an engine that never finishes is given up at a deadline', async () => {
  const deaf: SpeechEngine = {
    kind: 'scripted',
    sampleRatesHz: [16_000],
    open: () => ({ push: () => undefined, finish: () => new Promise(() => undefined), close: () => undefined }),
    settled: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
  const { url } = await start(deaf);
  const client = await connect(url);
  await client.talk([SECOND]);

  const last = client.talk([EOF]);
  while (recogniser?.connections[0]?.messages.at(-1) !== 'eof') await new Promise(setImmediate);
  clock.advance(30_000);

  expect(await last).toEqual([{ text: '' }]);
  await client.closed;
});

test('the scripted engine of the demo knows its recordings in any order and nothing else', async () => {
  const { url } = await start(createDemoEngine());
  const client = await connect(url);
  const pause = silence({ sampleRateHz: 16_000, lengthMs: 800 });
  const speech = join(
    loadRecording('agent-closing').samples,
    pause,
    loadRecording('customer').samples.map((sample) => sample / 2),
    pause,
    loadRecording('customer').samples.slice(0, 20_000),
    pause,
    loadRecording('agent-greeting').samples,
  );
  const messages = chunk(samplesToBytes(speech), 32_000);

  const replies = await client.talk([CONFIG, ...messages, EOF]);

  expect(replies).toHaveLength(messages.length + 1);
  expect(heard).toEqual([
    '0: one moment please',
    '0: your payment has been received',
    '0: hello i would like to pay my bill',
    '0: my card number is four one one one one one one one one one one one one one one one',
    '0: that is all for today',
    '0: good morning how can i help you today',
  ]);
});

async function start(engine: SpeechEngine): Promise<Recogniser> {
  recogniser = await startRecogniser({
    engine,
    clock,
    log: silentLog,
    onText: (text, connection) => heard.push(`${connection}: ${text}`),
  });
  return recogniser;
}

interface Client {
  readonly socket: WebSocket;
  readonly closed: Promise<unknown[]>;
  /** Sends all messages at once and resolves with a reply to each but the configuration. */
  talk(messages: readonly (string | Buffer)[]): Promise<Record<string, unknown>[]>;
}

async function connect(url: string): Promise<Client> {
  const socket = new WebSocket(url);
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return {
    socket,
    closed,
    talk: (messages) =>
      new Promise((resolve, reject) => {
        const replies: Record<string, unknown>[] = [];
        const answered = messages.filter((message) => message !== CONFIG);
        const take = (raw: Buffer): void => {
          replies.push(JSON.parse(raw.toString()) as Record<string, unknown>);
          if (replies.length < answered.length) return;
          socket.off('message', take);
          resolve(replies);
        };
        socket.on('message', take);
        void closed.then(() => reject(new Error('closed before every reply came')));
        for (const message of messages) socket.send(message);
      }),
  };
}

function chunk(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return parts;
}
