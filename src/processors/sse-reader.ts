/**
 * Cuts a server-sent event stream (WHATWG HTML §9.2.6) into its data, whatever bytes arrive together. Pure. Only
 * `data` fields matter here; a line or an event beyond its limit, too many lines, or bytes that are not UTF-8 end it.
 */

import { CodedError } from '../base/error.ts';

export class SseError extends CodedError<'LINE_TOO_LONG' | 'EVENT_TOO_LONG' | 'TOO_MANY_LINES' | 'NOT_UTF8'> {}

const MAX_LINE_CHARS = 64 * 1024;
const MAX_EVENT_CHARS = 128 * 1024;
/** Four lines for every character of the longest answer: each costs time, also an empty one. */
const MAX_LINES = 16 * 1024;

export class SseReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** The line being read, in the fragments it came in. */
  #line: string[] = [];
  #lineChars = 0;
  #data: string[] = [];
  #dataChars = 0;
  #endedWithCr = false;
  #lines = 0;

  /** Takes bytes; answers the data of every event they complete. Throws SseError, without a word of the input. */
  push(bytes: Uint8Array): string[] {
    const events: string[] = [];
    for (const part of this.#decode(bytes).split(/(\r\n|\r|\n)/)) {
      if (part === '') continue;
      if (part === '\n' && this.#endedWithCr) {
        // The second half of a CR LF that two reads cut in between.
        this.#endedWithCr = false;
        continue;
      }
      this.#endedWithCr = part === '\r';
      if (part === '\n' || part === '\r' || part === '\r\n') this.#endLine(events);
      else this.#grow(part);
    }
    return events;
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch {
      throw new SseError('NOT_UTF8', 'event stream is not UTF-8');
    }
  }

  #grow(fragment: string): void {
    this.#lineChars += fragment.length;
    if (this.#lineChars > MAX_LINE_CHARS) throw new SseError('LINE_TOO_LONG', 'event stream line is too long');
    this.#line.push(fragment);
  }

  #endLine(events: string[]): void {
    this.#lines += 1;
    if (this.#lines > MAX_LINES) throw new SseError('TOO_MANY_LINES', 'event stream has too many lines');
    const line = this.#line.join('');
    this.#line = [];
    this.#lineChars = 0;
    if (line === '') {
      if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      this.#dataChars = 0;
      return;
    }
    if (!line.startsWith('data:')) return;
    const value = line.slice(line.startsWith('data: ') ? 6 : 5);
    this.#dataChars += value.length;
    if (this.#dataChars > MAX_EVENT_CHARS) throw new SseError('EVENT_TOO_LONG', 'event stream event is too long');
    this.#data.push(value);
  }
}
