/** Turns vosk's replies into recognitions with times. Partial replies have none, and repeat themselves: only news is said. */

import type { Recognition } from './processor.ts';
import type { VoskReply } from './vosk-reply.ts';

export class VoskUtterance {
  /** Ms of audio answered so far, and where the utterance now spoken began at the earliest. */
  #heardMs = 0;
  #startMs = 0;
  #partial = '';

  /** Takes the reply to a message of `audioMs`; undefined when it says nothing new. */
  hear(reply: VoskReply, audioMs: number): Recognition | undefined {
    this.#heardMs += audioMs;
    return reply.kind === 'final' ? this.#final(reply) : this.#partially(reply.text);
  }

  #partially(text: string): Recognition | undefined {
    if (text === '' || text === this.#partial) return undefined;
    this.#partial = text;
    return { final: false, text, startMs: this.#startMs, endMs: this.#heardMs, words: [] };
  }

  #final(reply: Extract<VoskReply, { readonly kind: 'final' }>): Recognition | undefined {
    const words = reply.words.map(({ word, start, end, conf }) => ({
      text: word,
      startMs: start * 1000,
      endMs: end * 1000,
      ...(conf === undefined ? {} : { confidence: conf }),
    }));
    const startMs = words[0]?.startMs ?? this.#startMs;
    const endMs = words.at(-1)?.endMs ?? this.#heardMs;
    this.#partial = '';
    this.#startMs = this.#heardMs;
    return reply.text === '' ? undefined : { final: true, text: reply.text, startMs, endMs, words };
  }
}
