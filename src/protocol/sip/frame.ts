/**
 * One datagram as one SIP message: sizes checked, head indexed, body cut to what Content-Length says (RFC 3261 §18.3).
 * It stands before every other reader, so that none meets an input it is slow or credulous on.
 */

import { indexHead, linesNamed, valueText } from './head-index.ts';
import type { Head, IndexFailure } from './head-index.ts';

export const MAX_HEAD_BYTES = 16 * 1024;
export const MAX_BODY_BYTES = 64 * 1024;
/** Of a whole message, however it travels. */
export const MAX_MESSAGE_BYTES = MAX_HEAD_BYTES + MAX_BODY_BYTES;

export type FrameFailure =
  | IndexFailure
  | 'leading_space'
  | 'no_head_end'
  | 'head_too_large'
  | 'body_too_large'
  | 'content_length'
  | 'no_content_length'
  | 'truncated_body';

export interface Malformed<Reason extends string> {
  readonly kind: 'malformed';
  readonly reason: Reason;
  /** There when the head was indexed: what a refusal would copy from. */
  readonly head: Head | undefined;
}

export type Framed =
  | { readonly kind: 'framed'; readonly head: Head }
  /** Nothing but line breaks: a keep-alive (RFC 5626 §3.5.1), or an empty datagram. */
  | { readonly kind: 'keepalive' }
  | Malformed<FrameFailure>;

const LF = 0x0a;
const CR = 0x0d;

/** Line breaks before the start-line are not part of the message (§7.5); nothing else may stand there. */
export function frameMessage(datagram: Buffer): Framed {
  const start = skipLineBreaks(datagram);
  if (start === datagram.length) return { kind: 'keepalive' };
  const rest = datagram.subarray(start);
  const first = rest[0];
  if (first === undefined || first <= 0x20) return malformed('leading_space');
  const headEnd = rest.subarray(0, MAX_HEAD_BYTES).indexOf('\r\n\r\n');
  if (headEnd < 0) return malformed(rest.length > MAX_HEAD_BYTES ? 'head_too_large' : 'no_head_end');

  const indexed = indexHead(rest, headEnd + 2);
  if (typeof indexed === 'string') return malformed(indexed);
  const head: Head = { bytes: rest, ...indexed, bodyStart: headEnd + 4 };
  return withBody(head);
}

/** The length the head gives its body; undefined when it says nothing of it. */
export function declaredLength(
  head: Pick<Head, 'bytes' | 'lines'>,
): number | 'content_length' | 'body_too_large' | undefined {
  const declared = linesNamed(head, 'content-length');
  const [line] = declared;
  if (line === undefined) return undefined;
  const text = valueText(head, line);
  // Two lengths are how one message becomes two for the next reader: refused even when they agree.
  if (declared.length > 1 || !/^\d{1,8}$/.test(text)) return 'content_length';
  const length = Number(text);
  return length > MAX_BODY_BYTES ? 'body_too_large' : length;
}

function withBody(head: Head): Framed {
  const available = head.bytes.length - head.bodyStart;
  const length = declaredLength(head);
  if (length === undefined) {
    return available > MAX_BODY_BYTES ? malformed('body_too_large', head) : { kind: 'framed', head };
  }
  if (typeof length === 'string') return malformed(length, head);
  if (length > available) return malformed('truncated_body', head);
  return { kind: 'framed', head: { ...head, bytes: head.bytes.subarray(0, head.bodyStart + length) } };
}

function skipLineBreaks(datagram: Buffer): number {
  let at = 0;
  while (datagram[at] === CR && datagram[at + 1] === LF) at += 2;
  return at;
}

function malformed(reason: FrameFailure, head?: Head): Malformed<FrameFailure> {
  return { kind: 'malformed', reason, head };
}
