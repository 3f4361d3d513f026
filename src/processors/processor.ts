/**
 * The AI side of the wire: what every protocol file offers. What comes back is untrusted text: bounded here in size
 * and shape, redacted elsewhere. Nothing here decides whether something may be sent.
 */

/** Settings an adapter needs; the credential arrives by value from the process's own environment. */
export interface ProcessorEndpoint {
  readonly url: string;
  readonly model: string | undefined;
  readonly instructions: string | undefined;
  readonly credential: string | undefined;
  readonly sampleRateHz: 8000 | 16000;
}

/** One recogniser result. Times are in ms of the audio given to this connection, from 0. */
export interface Recognition {
  readonly final: boolean;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly { text: string; startMs: number; endMs: number; confidence?: number | undefined }[];
}

export type ConnectionEnd = 'closed' | 'refused' | 'error' | 'malformed' | 'overflow' | 'deadline';

export interface AudioHandlers {
  onOpen(): void;
  onRecognition(recognition: Recognition): void;
  /** Exactly once. */
  onEnd(reason: ConnectionEnd): void;
}

/** One connection carrying one stream's audio. Opened only under a lease. */
export interface AudioConnection {
  /** Hands PCM S16LE to the socket. Returns the bytes taken: all of them, or 0 when not open or its queue is full. */
  sendAudio(pcm: Uint8Array): number;
  /** Payload bytes handed over and not yet on the wire. */
  readonly queuedBytes: number;
  /** Says that no more audio comes, waits up to its deadline for last results, then closes. */
  finish(): void;
  /** Closes at once and forgets everything queued. */
  abort(): void;
}

export type OpenAudio = (endpoint: ProcessorEndpoint, handlers: AudioHandlers) => AudioConnection;

export type InferOutcome =
  | { readonly kind: 'answered'; readonly text: string; readonly sentBytes: number }
  | {
      readonly kind: 'empty' | 'refused' | 'failed' | 'deadline' | 'oversize' | 'unavailable' | 'cancelled';
      readonly sentBytes: number;
      /** Too much of ours was waiting, so that it was not even tried: this says nothing about the processor. */
      readonly untried?: true;
    };

/** One request of redacted text. Never throws: every failure is an outcome. */
export interface TextProcessor {
  infer(turns: readonly { role: string; text: string }[], options: { signal: AbortSignal }): Promise<InferOutcome>;
  close(): Promise<void>;
}
