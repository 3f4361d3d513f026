import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { createEngine, findRecogniser } from '../../src/demo/recogniser/find-recogniser.ts';
import { startRecogniser, type Recogniser } from '../../src/demo/recogniser/recogniser.ts';
import { loadRecording, SENTENCES, type Recording } from '../../src/demo/speech.ts';
import { samplesToBytes } from '../../src/demo/wav.ts';
import { createDecoder, createEncoder } from '../../src/protocol/codec/codec.ts';
import { requirePeer } from './require-peer.ts';

const isMissing = requirePeer('pocketsphinx_continuous') === undefined;
const TOOLS = { clock: systemClock, log: silentLog };
const FRAME_SAMPLES = 320;

let recogniser: Recogniser | undefined;
let heard: string[] = [];

beforeEach(() => {
  heard = [];
});

afterEach(async () => {
  await recogniser?.stop();
  recogniser = undefined;
});

test.skipIf(isMissing)('pocketsphinx is found where it is installed', async () => {
  expect(await findRecogniser(TOOLS)).toBe('pocketsphinx');
});

for (const recording of ['agent-greeting', 'customer', 'agent-closing'] as const) {
  test.skipIf(isMissing)(`after G.722 every word of ${recording} is recognised, in order`, async () => {
    const { url } = await start();
    const messages = overG722(recording);

    const replies = await talk(url, messages);

    expect(heard).toEqual(SENTENCES[recording].map((sentence) => sentence.text));
    expect(replies).toHaveLength(messages.length + 1);
    expect(recogniser?.bytesReceived).toBe(messages.reduce((sum, message) => sum + message.length, 0));
    const words = replies.flatMap((reply) => reply.result ?? []);
    const [first] = SENTENCES[recording];
    expect(Math.abs((words[0]?.start ?? 0) * 1000 - first!.startMs)).toBeLessThan(300);
    expect(words.every((word, at) => at === 0 || word.start >= words[at - 1]!.start)).toBe(true);
  });
}

test.skipIf(isMissing)('stopping in the middle of an utterance leaves neither process nor file behind', async () => {
  const before = foldersOfOurs();
  const { url } = await start();
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const [whole] = overG722('agent-greeting', Infinity);

  socket.send(whole!);
  socket.send('{"eof" : 1}');
  while (recogniser?.connections[0]?.messages.at(-1) !== 'eof') await new Promise(setImmediate);
  await recogniser.stop();

  expect(foldersOfOurs()).toEqual(before);
});

interface Reply {
  readonly text?: string;
  readonly result?: readonly { readonly start: number; readonly word: string }[];
}

async function start(): Promise<Recogniser> {
  const engine = await createEngine('pocketsphinx', TOOLS);
  recogniser = await startRecogniser({ engine, ...TOOLS, onText: (text) => heard.push(text) });
  return recogniser;
}

/** The recording as a G.722 call delivers it, in messages of `framesPerMessage` × 20 ms. */
function overG722(recording: Recording, framesPerMessage = 10): Buffer[] {
  const { samples } = loadRecording(recording);
  const [encoder, decoder] = [createEncoder('G722'), createDecoder('G722')];
  const frames: Buffer[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
    frames.push(samplesToBytes(decoder.decode(encoder.encode(samples.subarray(at, at + FRAME_SAMPLES)))));
  }
  const messages: Buffer[] = [];
  for (let at = 0; at < frames.length; at += framesPerMessage) {
    messages.push(Buffer.concat(frames.slice(at, at + framesPerMessage)));
  }
  return messages;
}

async function talk(url: string, messages: readonly Buffer[]): Promise<Reply[]> {
  const socket = new WebSocket(url);
  const replies: Reply[] = [];
  socket.on('message', (raw: Buffer) => replies.push(JSON.parse(raw.toString()) as Reply));
  await once(socket, 'open');
  const closed = once(socket, 'close');
  socket.send(JSON.stringify({ config: { sample_rate: 16_000, words: true } }));
  for (const message of messages) socket.send(message);
  socket.send('{"eof" : 1}');
  await closed;
  return replies;
}

function foldersOfOurs(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('earshot-hearing-'));
}
