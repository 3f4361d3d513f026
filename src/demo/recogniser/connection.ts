/**
 * One connection of the vosk protocol: gives the engine audio and answers every message once, junk included, but for
 * the configuration, which vosk-server takes in silence.
 */

import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { asBuffer } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { bytesToSamples } from '../wav.ts';
import type { Heard, Hearing, SpeechEngine } from './engine.ts';

/** What a message was, in the order they came. */
export type RecogniserMessage = 'config' | 'audio' | 'eof' | 'junk';

export interface RecogniserConnection {
  readonly number: number;
  /** The configuration as it was sent; undefined before it came. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  readonly bytesReceived: number;
  /** The first messages, up to a limit; `messageCount` counts them all. */
  readonly messages: readonly RecogniserMessage[];
  readonly messageCount: number;
  readonly isOpen: boolean;
}

export interface ConnectionOptions {
  readonly engine: SpeechEngine;
  readonly clock: Clock;
  readonly onText?: ((text: string, connection: number) => void) | undefined;
}

const MAX_MESSAGES_REMEMBERED = 1000;
const MAX_UNSENT_RESULTS = 64;
const MAX_UNSENT_BYTES = 1024 * 1024;
const LAST_RESULTS_LIMIT_MS = 30_000;
const DEFAULT_RATE_HZ = 16_000;

const configMessage = z.object({ config: z.record(z.string(), z.unknown()) });
const sampleRate = z.object({ sample_rate: z.number().int().min(8000).max(48_000).default(DEFAULT_RATE_HZ) });
const eofMessage = z.object({ eof: z.literal(1) });

/** Serves `socket` until it closes. The returned object is live: its fields change as messages come. */
export function serveConnection(socket: WebSocket, number: number, options: ConnectionOptions): RecogniserConnection {
  const connection = new Connection(socket, number, options);
  socket.on('message', (raw: RawData, isBinary: boolean) => connection.receive(toBuffer(raw), isBinary));
  socket.once('close', () => connection.close());
  return connection;
}

class Connection implements RecogniserConnection {
  readonly number: number;
  readonly messages: RecogniserMessage[] = [];
  config: Readonly<Record<string, unknown>> | undefined;
  bytesReceived = 0;
  messageCount = 0;
  isOpen = true;
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #results: Heard[] = [];
  #hearing: Hearing | undefined;
  #isFinishing = false;
  /** A message may end inside a sample; its first byte waits here for the second. */
  #oddByte = Buffer.alloc(0);

  constructor(socket: WebSocket, number: number, options: ConnectionOptions) {
    this.#socket = socket;
    this.number = number;
    this.#options = options;
  }

  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.#isFinishing) return;
    const read = isBinary ? ({ kind: 'audio' } as const) : readText(bytes);
    this.messageCount += 1;
    if (this.messages.length < MAX_MESSAGES_REMEMBERED) this.messages.push(read.kind);
    switch (read.kind) {
      case 'audio':
        this.#hear(bytes);
        this.#reply(this.#results.shift());
        break;
      case 'config':
        this.#configure(read.config, read.sampleRateHz);
        break;
      case 'eof':
        this.#finish();
        break;
      case 'junk':
        this.#reply(undefined);
        break;
    }
  }

  close(): void {
    this.isOpen = false;
    this.#hearing?.close();
  }

  #configure(config: Readonly<Record<string, unknown>>, sampleRateHz: number): void {
    this.config = config;
    if (this.#options.engine.sampleRatesHz.includes(sampleRateHz)) this.#openHearing(sampleRateHz);
    else {
      this.#isFinishing = true;
      this.#socket.close(1003, 'sample rate');
    }
  }

  #hear(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    const pcm = Buffer.concat([this.#oddByte, bytes]);
    const whole = pcm.length - (pcm.length % 2);
    this.#oddByte = pcm.subarray(whole);
    const hearing = this.#hearing ?? this.#openHearing(DEFAULT_RATE_HZ);
    hearing.push(bytesToSamples(pcm.subarray(0, whole)));
  }

  #openHearing(sampleRateHz: number): Hearing {
    this.#hearing?.close();
    this.#hearing = this.#options.engine.open(sampleRateHz, (heard) => {
      this.#options.onText?.(heard.text, this.number);
      if (this.#results.length < MAX_UNSENT_RESULTS) this.#results.push(heard);
    });
    return this.#hearing;
  }

  /** The last reply carries everything not yet said, then the connection closes, as vosk does it. */
  #finish(): void {
    this.#isFinishing = true;
    let isDone = false;
    const answer = (): void => {
      if (isDone) return;
      isDone = true;
      this.#reply(joinHeard(this.#results.splice(0)));
      this.#socket.close(1000);
    };
    const cancel = this.#options.clock.after(LAST_RESULTS_LIMIT_MS, answer);
    const last = this.#hearing?.finish() ?? Promise.resolve();
    void last.then(answer, answer).finally(cancel);
  }

  #reply(heard: Heard | undefined): void {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(heard ? toResult(heard) : { partial: '' }), () => undefined);
  }
}

type ReadMessage =
  | { readonly kind: 'config'; readonly config: Readonly<Record<string, unknown>>; readonly sampleRateHz: number }
  | { readonly kind: 'eof' | 'junk' };

function readText(bytes: Buffer): ReadMessage {
  const value = parseJson(bytes.toString('utf8'));
  if (eofMessage.safeParse(value).success) return { kind: 'eof' };
  const message = configMessage.safeParse(value);
  const rate = sampleRate.safeParse(message.data?.config);
  if (!message.success || !rate.success) return { kind: 'junk' };
  return { kind: 'config', config: message.data.config, sampleRateHz: rate.data.sample_rate };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function joinHeard(results: readonly Heard[]): Heard {
  return { text: results.map((heard) => heard.text).join(' '), words: results.flatMap((heard) => heard.words) };
}

/** The shape of a final result: times in seconds, as vosk writes them. */
function toResult(heard: Heard): unknown {
  if (heard.words.length === 0) return { text: heard.text };
  return {
    result: heard.words.map((word) => ({
      conf: word.confidence,
      start: word.startMs / 1000,
      end: word.endMs / 1000,
      word: word.text,
    })),
    text: heard.text,
  };
}

function toBuffer(raw: RawData): Buffer {
  if (Array.isArray(raw)) return Buffer.concat(raw);
  return asBuffer(raw instanceof ArrayBuffer ? new Uint8Array(raw) : raw);
}
