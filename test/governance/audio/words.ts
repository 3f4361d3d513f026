/** The words these tests share: ids, a lease window, and a processor that records what it is given. */

import type { CallId, LeaseId, LegId, StreamId, TapId } from '../../../src/base/ids.ts';
import { asProcessorId, newId } from '../../../src/base/ids.ts';
import type { LeaseWindow } from '../../../src/model/audio.ts';
import type {
  AudioConnection,
  AudioHandlers,
  OpenAudio,
  ProcessorEndpoint,
} from '../../../src/processors/processor.ts';

export const STREAM: StreamId = newId('stream', () => new Uint8Array(16).fill(1));
export const OTHER_STREAM: StreamId = newId('stream', () => new Uint8Array(16).fill(2));
export const TAP: TapId = newId('tap', () => new Uint8Array(16).fill(3));
export const CALL: CallId = newId('call', () => new Uint8Array(16).fill(4));
export const LEG: LegId = newId('leg', () => new Uint8Array(16).fill(5));
export const PROCESSOR = asProcessorId('scribe');

export function leaseId(n: number): LeaseId {
  return newId('lease', () => new Uint8Array(16).fill(n));
}

export function leaseWindow(changes: Partial<LeaseWindow>): LeaseWindow {
  return {
    lease: leaseId(1),
    stream: STREAM,
    processor: PROCESSOR,
    fromMs: 0,
    throughMs: 30_000,
    maxBytes: 1_000_000,
    ...changes,
  };
}

export const ENDPOINT: ProcessorEndpoint = {
  url: 'ws://127.0.0.1:1',
  model: undefined,
  instructions: undefined,
  credential: undefined,
  sampleRateHz: 8000,
};

/** One connection of the recording processor, driven by the test. */
export class RecordedConnection implements AudioConnection {
  readonly queuedBytes = 0;
  readonly handlers: AudioHandlers;
  readonly received: Uint8Array[] = [];
  isFull = false;
  ended: 'finish' | 'abort' | undefined;
  readonly #onAudio: (pcm: Uint8Array) => void;

  constructor(handlers: AudioHandlers, onAudio: (pcm: Uint8Array) => void) {
    this.handlers = handlers;
    this.#onAudio = onAudio;
  }

  get receivedBytes(): number {
    return this.received.reduce((sum, pcm) => sum + pcm.length, 0);
  }

  sendAudio(pcm: Uint8Array): number {
    if (this.isFull) return 0;
    this.#onAudio(pcm);
    this.received.push(pcm);
    return pcm.length;
  }

  finish(): void {
    this.ended = 'finish';
  }

  abort(): void {
    this.ended = 'abort';
  }
}

export class RecordingProcessor {
  readonly connections: RecordedConnection[] = [];
  /** Called for every write, at the moment of it. */
  onAudio: (pcm: Uint8Array) => void = () => undefined;

  readonly open: OpenAudio = (_endpoint, handlers) => {
    const connection = new RecordedConnection(handlers, (pcm) => this.onAudio(pcm));
    this.connections.push(connection);
    return connection;
  };

  get last(): RecordedConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('no connection was opened');
    return connection;
  }

  get receivedBytes(): number {
    return this.connections.reduce((sum, connection) => sum + connection.receivedBytes, 0);
  }
}
