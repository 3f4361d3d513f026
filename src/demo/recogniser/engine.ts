/** What a recogniser engine offers: audio of one connection in, what was heard out, in order. It knows no protocol. */

export type RecogniserKind = 'pocketsphinx' | 'scripted';

export interface HeardWord {
  readonly text: string;
  /** In ms of the audio given to this hearing. */
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly confidence: number;
}

export interface Heard {
  readonly text: string;
  readonly words: readonly HeardWord[];
}

export interface SpeechEngine {
  readonly kind: RecogniserKind;
  /** Rates it can hear; a connection that announces another is refused. */
  readonly sampleRatesHz: readonly number[];
  /** Begins hearing one stream; `onHeard` is called once per utterance, in the order spoken. */
  open(sampleRateHz: number, onHeard: (heard: Heard) => void): Hearing;
  /** Resolves when every utterance that has ended so far was handed over. */
  settled(): Promise<void>;
  /** Stops whatever still runs and removes what it wrote. */
  stop(): Promise<void>;
}

export interface Hearing {
  push(samples: Int16Array): void;
  /** No more audio comes; resolves when everything heard was handed over. */
  finish(): Promise<void>;
  /** Nobody listens any more: forgets what is queued. */
  close(): void;
}

/** Spreads the words of `text` evenly over its time, for engines that know no better. */
export function spreadWords(text: string, startMs: number, endMs: number): HeardWord[] {
  const words = text.split(' ').filter((word) => word !== '');
  const step = (endMs - startMs) / Math.max(1, words.length);
  return words.map((word, at) => ({
    text: word,
    startMs: Math.round(startMs + at * step),
    endMs: Math.round(startMs + (at + 1) * step),
    confidence: 1,
  }));
}
