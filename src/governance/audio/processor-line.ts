/**
 * The way to one processor for one stream: opens a connection when asked, tries again with growing pauses, gives up
 * after some, and says on whose clock a result was heard. It decides nothing about what may be sent.
 */

import type { Clock } from '../../base/clock.ts';
import type {
  AudioConnection,
  ConnectionEnd,
  OpenAudio,
  ProcessorEndpoint,
  Recognition,
} from '../../processors/processor.ts';
import { ConnectionTime } from './connection-time.ts';

export interface LineHandlers {
  onOpened(): void;
  onRecognition(recognition: Recognition, time: ConnectionTime): void;
  /** No further attempt will be made. */
  onDown(reason: ConnectionEnd): void;
  /** After `finish` or `abort`: nothing more will be heard. Once. */
  onClosed(): void;
}

/** `idle` has no connection and may open one; `waiting` may later. */
export type LineState = 'idle' | 'connecting' | 'open' | 'waiting' | 'finishing' | 'down' | 'closed';

/** Pauses after the first to the fifth failure in a row; after the next one the processor counts as down. */
const BACK_OFF_MS = [1000, 2000, 4000, 8000, 10_000] as const;
/** A connection that lived this long proves the processor works; failures are counted anew after it. */
const STABLE_MS = 10_000;
const BYTES_PER_SAMPLE = 2;

export class ProcessorLine {
  readonly #endpoint: ProcessorEndpoint;
  readonly #openAudio: OpenAudio;
  readonly #clock: Clock;
  readonly #handlers: LineHandlers;
  #state: LineState = 'idle';
  #connection: AudioConnection | undefined;
  #time = new ConnectionTime();
  /** Counts connections, so that what an earlier one still says is not taken for the newest. */
  #life = 0;
  #openedUs = 0;
  #failures = 0;
  #retryUs = 0;

  constructor(options: {
    readonly endpoint: ProcessorEndpoint;
    readonly openAudio: OpenAudio;
    readonly clock: Clock;
    readonly handlers: LineHandlers;
  }) {
    this.#endpoint = options.endpoint;
    this.#openAudio = options.openAudio;
    this.#clock = options.clock;
    this.#handlers = options.handlers;
  }

  get state(): LineState {
    return this.#state;
  }

  /** Opens a connection unless there is one, or it is too early for another. Call it only when audio may be sent. */
  wake(): void {
    if (this.#state === 'waiting' && this.#clock.monoUs() >= this.#retryUs) this.#state = 'idle';
    if (this.#state === 'idle') this.#connect();
  }

  /** Hands over PCM captured from `startMs` on. Returns the bytes taken. */
  send(pcm: Uint8Array, startMs: number): number {
    if (this.#state !== 'open' || !this.#connection) return 0;
    const taken = this.#connection.sendAudio(pcm);
    if (taken > 0) this.#time.noteSent(startMs, (taken * 1000) / (this.#endpoint.sampleRateHz * BYTES_PER_SAMPLE));
    return taken;
  }

  /** No more audio: waits for last results where a connection is open. */
  finish(): void {
    if (this.#state !== 'open') {
      this.abort();
      return;
    }
    this.#state = 'finishing';
    this.#connection?.finish();
  }

  /** Forgets everything, results on their way included. */
  abort(): void {
    if (this.#state === 'closed') return;
    this.#life += 1;
    this.#connection?.abort();
    this.#close();
  }

  #connect(): void {
    this.#life += 1;
    const life = this.#life;
    const time = new ConnectionTime();
    const isCurrent = (): boolean => this.#life === life;
    this.#time = time;
    this.#state = 'connecting';
    const connection = this.#openAudio(this.#endpoint, {
      onOpen: () => isCurrent() && this.#opened(),
      onRecognition: (recognition) => isCurrent() && this.#handlers.onRecognition(recognition, time),
      onEnd: (reason) => isCurrent() && this.#ended(reason),
    });
    if (isCurrent()) this.#connection = connection;
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#openedUs = this.#clock.monoUs();
    this.#handlers.onOpened();
  }

  #ended(reason: ConnectionEnd): void {
    this.#life += 1;
    this.#connection = undefined;
    if (this.#state === 'finishing') {
      this.#close();
      return;
    }
    const nowUs = this.#clock.monoUs();
    if (this.#state === 'open' && nowUs - this.#openedUs >= STABLE_MS * 1000) this.#failures = 0;
    const pauseMs = BACK_OFF_MS[this.#failures];
    this.#failures += 1;
    if (pauseMs === undefined) {
      this.#state = 'down';
      this.#handlers.onDown(reason);
      return;
    }
    this.#state = 'waiting';
    this.#retryUs = nowUs + pauseMs * 1000;
  }

  #close(): void {
    this.#connection = undefined;
    this.#state = 'closed';
    this.#handlers.onClosed();
  }
}
