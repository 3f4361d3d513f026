/** SIP messages for tests, written as lines. Not a builder: what a test wants odd it writes odd. */

import { frameMessage } from '../../../src/protocol/sip/frame.ts';
import type { SipRequest, SipResponse } from '../../../src/protocol/sip/message.ts';
import { readMessage } from '../../../src/protocol/sip/read-message.ts';

export const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 4000 RTP/AVP 0',
  '',
].join('\r\n');

/** Lines of a head joined, with an optional body whose length is stated. */
export function message(lines: readonly string[], body = ''): Buffer {
  const length = lines.some((line) => /^(content-length|l)\s*:/i.test(line)) ? [] : [`Content-Length: ${body.length}`];
  return Buffer.from(`${[...lines, ...length].join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

export function invite(changes: { readonly extra?: readonly string[]; readonly body?: string } = {}): Buffer {
  return message(
    [
      'INVITE sip:bob@example.com SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc',
      'Max-Forwards: 70',
      'From: "Alice" <sip:alice@example.org>;tag=alice1',
      'To: <sip:bob@example.com>',
      'Call-ID: call-1@192.0.2.10',
      'CSeq: 1 INVITE',
      'Contact: <sip:alice@192.0.2.10>',
      ...(changes.extra ?? []),
    ],
    changes.body ?? '',
  );
}

/** Reads bytes that must be a request. */
export function asRequest(bytes: Buffer): SipRequest {
  const read = reread(bytes);
  if (read.kind !== 'request') throw new Error(`expected a request, read ${read.kind}`);
  return read;
}

/** Reads bytes that must be a response. */
export function asResponse(bytes: Buffer): SipResponse {
  const read = reread(bytes);
  if (read.kind !== 'response') throw new Error(`expected a response, read ${read.kind}`);
  return read;
}

/** The closed word for what is wrong with the bytes, or their kind. */
export function verdict(bytes: Buffer): string {
  const read = reread(bytes);
  return read.kind === 'malformed' ? read.reason : read.kind;
}

function reread(
  bytes: Buffer,
): ReturnType<typeof readMessage> | { readonly kind: 'malformed'; readonly reason: string } {
  const framed = frameMessage(bytes);
  if (framed.kind === 'keepalive') return { kind: 'malformed', reason: 'keepalive' };
  return framed.kind === 'framed' ? readMessage(framed.head) : framed;
}
