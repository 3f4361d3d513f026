/** Responses of our own (RFC 3261 §8.2.6): Via, From, To, Call-ID and CSeq are the request's very bytes. */

import { applySplices, shiftSplices } from '../splice.ts';
import { linesNamed } from './head-index.ts';
import type { Head, HeaderLine } from './head-index.ts';
import { listText, listValues } from './list-values.ts';
import { markReceived } from './reply-address.ts';
import type { Source } from './reply-address.ts';
import { readVia } from './via.ts';

const PHRASES = new Map([
  [100, 'Trying'],
  [200, 'OK'],
  [400, 'Bad Request'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [408, 'Request Timeout'],
  [416, 'Unsupported URI Scheme'],
  [420, 'Bad Extension'],
  [481, 'Call/Transaction Does Not Exist'],
  [483, 'Too Many Hops'],
  [487, 'Request Terminated'],
  [500, 'Server Internal Error'],
  [503, 'Service Unavailable'],
  [505, 'Version Not Supported'],
]);

export interface ResponseChoice {
  readonly status: number;
  /** For statuses that are not ours by nature; ours have their phrase. */
  readonly phrase?: string;
  /** Appended to To when it has no tag yet; leave out for a 100. */
  readonly toTag?: string;
  /** A closed word or short text of ours, sent as `Warning: 399 agent "text"`. Never anything received. */
  readonly warning?: { readonly agent: string; readonly text: string };
  /** Whole seconds before the sender should try us again (§20.33). */
  readonly retryAfterS?: number;
  /** Option tags we were required to know and do not (§20.40): tokens, as they came. */
  readonly unsupported?: readonly string[];
}

const COPIED = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

/**
 * Whether there is enough to answer: a Via by which the sender finds its transaction. What else is missing is missing
 * in the answer too, and says by itself what was wrong (RFC 4475 §3.3.1). Nothing is said to an ACK or a response.
 */
export function isAnswerable(head: Head): boolean {
  return linesNamed(head, 'via').length > 0 && !/^(ACK|SIP\/)/i.test(startOf(head));
}

/** The response's bytes. `source` is where the request came from. */
export function buildResponse(head: Head, source: Source, choice: ResponseChoice): Buffer {
  const phrase = choice.phrase ?? PHRASES.get(choice.status) ?? 'Refused';
  const parts: Uint8Array[] = [text(`SIP/2.0 ${choice.status} ${phrase}\r\n`)];
  const [topVia] = listValues(head, 'via');
  for (const line of head.lines) {
    if (!COPIED.has(line.name) && !(line.name === 'timestamp' && choice.status === 100)) continue;
    const bytes = head.bytes.subarray(line.start, line.end);
    if (line === topVia?.line) parts.push(withReceived(head, line, source));
    else if (line.name === 'to' && choice.toTag !== undefined) parts.push(withTag(head, line, choice.toTag));
    else parts.push(bytes);
  }
  if (choice.warning) parts.push(text(`Warning: 399 ${choice.warning.agent} "${choice.warning.text}"\r\n`));
  if (choice.retryAfterS !== undefined) parts.push(text(`Retry-After: ${choice.retryAfterS}\r\n`));
  if (choice.unsupported?.length) parts.push(text(`Unsupported: ${choice.unsupported.join(', ')}\r\n`));
  parts.push(text('Content-Length: 0\r\n\r\n'));
  return Buffer.concat(parts);
}

function withReceived(head: Head, line: HeaderLine, source: Source): Buffer {
  const bytes = head.bytes.subarray(line.start, line.end);
  const [value] = listValues(head, 'via');
  const via = value && readVia(listText(head, value), value.start);
  return via ? applySplices(bytes, shiftSplices(markReceived(via, source), -line.start)) : bytes;
}

function withTag(head: Head, line: HeaderLine, tag: string): Buffer {
  const bytes = head.bytes.subarray(line.start, line.end);
  if (/;\s*tag\s*=/i.test(bytes.toString('latin1'))) return bytes;
  return applySplices(bytes, [{ at: line.valueEnd - line.start, remove: 0, insert: `;tag=${tag}` }]);
}

function startOf(head: Head): string {
  return head.bytes.toString('latin1', 0, Math.min(8, head.startLineEnd));
}

function text(line: string): Buffer {
  return Buffer.from(line, 'latin1');
}
