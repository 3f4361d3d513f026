/**
 * Gathers one streamed chat completion into one answer, or into what is wrong with it. Pure; holds no more than the
 * limits allow, and takes an answer that was cut off for a failure, never for a shorter answer.
 */

import { cleanAnswer, MAX_ANSWER_CHARS, readChunk } from './chat-completion.ts';
import type { InferOutcome } from './processor.ts';
import { SseReader } from './sse-reader.ts';

export type AnswerOutcome =
  { readonly kind: 'answered'; readonly text: string } | { readonly kind: Exclude<InferOutcome['kind'], 'answered'> };

export class StreamedAnswer {
  readonly #reader = new SseReader();
  readonly #maxBytes: number;
  #bytes = 0;
  #text = '';
  #isFinished = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get hasText(): boolean {
    return this.#text !== '';
  }

  /** Takes bytes of the stream; answers the outcome once it is certain. Throws when they are no event stream. */
  take(bytes: Uint8Array): AnswerOutcome | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) return { kind: 'oversize' };
    for (const data of this.#reader.push(bytes)) {
      const chunk = readChunk(data);
      if (chunk.kind === 'invalid') return { kind: 'failed' };
      if (chunk.kind === 'done') return this.#whole();
      this.#text += chunk.text;
      this.#isFinished ||= chunk.isFinished;
      if (this.#text.length > MAX_ANSWER_CHARS) return { kind: 'oversize' };
    }
    return undefined;
  }

  /** The stream ended without saying that it was done: whole only if the last choice said it was finished. */
  end(): AnswerOutcome {
    return this.#isFinished ? this.#whole() : { kind: 'failed' };
  }

  #whole(): AnswerOutcome {
    const text = cleanAnswer(this.#text);
    return text === '' ? { kind: 'empty' } : { kind: 'answered', text };
  }
}
