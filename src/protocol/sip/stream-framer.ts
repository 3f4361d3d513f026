/**
 * Cuts a stream of bytes into SIP messages (RFC 3261 §7.5, §18.3) and keep-alives (RFC 5626 §3.5.1), however the bytes
 * fall into chunks. Every byte is looked at once; what cannot be cut ends the stream, for nobody knows what follows.
 *
 * ```
 *   CRLF CRLF  start-line … CRLF CRLF  Content-Length bytes  CRLF CRLF  start-line …
 *   └─ ping ─┘ └───────────── message ────────────────────┘  └─ ping ─┘
 * ```
 */

import { declaredLength, MAX_HEAD_BYTES } from './frame.ts';
import type { FrameFailure, Framed } from './frame.ts';
import { indexHead } from './head-index.ts';
import type { Head } from './head-index.ts';

export type StreamItem =
  | Extract<Framed, { readonly kind: 'framed' }>
  /** The last item of its stream. */
  | Extract<Framed, { readonly kind: 'malformed' }>
  /** Two line breaks between messages, to be answered with one. */
  | { readonly kind: 'ping' };

const EMPTY = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
const END_OF_HEAD = '\r\n\r\n';
const MIN_CAPACITY_BYTES = 2048;

/** A head whose body is still to come. */
type Indexed = Pick<Head, 'startLineEnd' | 'lines' | 'bodyStart'> & { readonly sizeBytes: number };

export class StreamFramer {
  /** What was not yet cut is `[#from, #to)`. Bytes before `#from` were handed out and are never written again. */
  #store: Buffer = EMPTY;
  #from = 0;
  #to = 0;
  /** Whether `#store` is ours, with room behind `#to`. */
  #isOwn = false;
  /** Bytes from `#from` on in which the end of the head was looked for. */
  #searched = 0;
  #indexed: Indexed | undefined;
  #hasLineBreak = false;
  #isBroken = false;

  /** Whether a message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#from < this.#to;
  }

  push(chunk: Buffer): void {
    if (this.#isBroken || chunk.length === 0) return;
    if (this.#from === this.#to) {
      this.#use(chunk, chunk.length, false);
      return;
    }
    if (!this.#isOwn || this.#to + chunk.length > this.#store.length) this.#grow(chunk.length);
    chunk.copy(this.#store, this.#to);
    this.#to += chunk.length;
  }

  /** What the stream holds next; undefined when the rest of it is still to come, or nothing more will be cut. */
  next(): StreamItem | undefined {
    if (this.#isBroken) return undefined;
    if (!this.#indexed) {
      const between = this.#skipLineBreaks();
      if (between) return between;
      const failure = this.#findHead();
      if (failure) return failure;
    }
    const indexed = this.#indexed;
    if (!indexed || this.#to - this.#from < indexed.sizeBytes) return undefined;
    const { startLineEnd, lines, bodyStart, sizeBytes } = indexed;
    const bytes = this.#store.subarray(this.#from, this.#from + sizeBytes);
    this.#from += sizeBytes;
    this.#indexed = undefined;
    this.#searched = 0;
    return { kind: 'framed', head: { bytes, startLineEnd, lines, bodyStart } };
  }

  #skipLineBreaks(): StreamItem | undefined {
    while (this.#to - this.#from >= 2 && this.#store[this.#from] === CR && this.#store[this.#from + 1] === LF) {
      this.#from += 2;
      this.#hasLineBreak = !this.#hasLineBreak;
      if (!this.#hasLineBreak) return { kind: 'ping' };
    }
    if (this.#from === this.#to) return undefined;
    const first = this.#store[this.#from] ?? 0;
    const mayBeLineBreak = first === CR && this.#to - this.#from === 1;
    return first <= 0x20 && !mayBeLineBreak ? this.#break('leading_space') : undefined;
  }

  #findHead(): StreamItem | undefined {
    const pending = this.#store.subarray(this.#from, Math.min(this.#to, this.#from + MAX_HEAD_BYTES));
    const headEnd = pending.indexOf(END_OF_HEAD, Math.max(0, this.#searched - (END_OF_HEAD.length - 1)), 'latin1');
    this.#searched = pending.length;
    if (headEnd < 0) return pending.length === MAX_HEAD_BYTES ? this.#break('head_too_large') : undefined;
    this.#hasLineBreak = false;
    const bodyStart = headEnd + END_OF_HEAD.length;
    const bytes = pending.subarray(0, bodyStart);
    const indexed = indexHead(bytes, headEnd + 2);
    if (typeof indexed === 'string') return this.#break(indexed);
    const head = { bytes, ...indexed, bodyStart };
    // A datagram ends by itself, a stream does not: here the length must be said (§18.3).
    const length = declaredLength(head) ?? 'no_content_length';
    if (typeof length === 'string') return this.#break(length, head);
    this.#indexed = { ...indexed, bodyStart, sizeBytes: bodyStart + length };
    return undefined;
  }

  #break(reason: FrameFailure, head?: Head): StreamItem {
    this.#isBroken = true;
    this.#use(EMPTY, 0, false);
    return { kind: 'malformed', reason, head };
  }

  /** Twice what is there, so that single bytes cost no more than whole messages. */
  #grow(moreBytes: number): void {
    const pendingBytes = this.#to - this.#from;
    const store = Buffer.allocUnsafe(Math.max(MIN_CAPACITY_BYTES, 2 * (pendingBytes + moreBytes)));
    this.#store.copy(store, 0, this.#from, this.#to);
    this.#use(store, pendingBytes, true);
  }

  #use(store: Buffer, sizeBytes: number, isOwn: boolean): void {
    this.#store = store;
    this.#from = 0;
    this.#to = sizeBytes;
    this.#isOwn = isOwn;
  }
}
