/** The two requests a proxy makes itself, both of the INVITE it sent: ACK for a refusal (RFC 3261 §17.1.1.3) and CANCEL (§9.1). */

import { INITIAL_MAX_FORWARDS } from './edits.ts';
import { linesNamed } from './head-index.ts';
import type { Head } from './head-index.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { listText } from './list-values.ts';

/** ACK for a non-2xx response: the sent INVITE's own hop, with the To of the response. */
export function buildAck(sent: SipRequest, response: SipResponse): Buffer {
  return ofInvite(sent, 'ACK', response.head, []);
}

/** CANCEL for a sent INVITE. `cause` is the CANCEL we were sent, whose Reason (RFC 3326) is passed on. */
export function buildCancel(sent: SipRequest, cause: SipRequest | undefined): Buffer {
  const reasons = cause ? linesNamed(cause.head, 'reason').map((line) => lineText(cause.head, line)) : [];
  return ofInvite(sent, 'CANCEL', sent.head, reasons);
}

function ofInvite(sent: SipRequest, method: 'ACK' | 'CANCEL', toFrom: Head, more: readonly string[]): Buffer {
  const [top] = sent.vias;
  const lines = [
    `${method} ${sent.uri} SIP/2.0\r\n`,
    `Via: ${top ? listText(sent.head, top) : ''}\r\n`,
    ...copied(sent.head, 'route'),
    ...copied(sent.head, 'from'),
    ...copied(toFrom, 'to'),
    ...copied(sent.head, 'call-id'),
    `CSeq: ${sent.cseq.number} ${method}\r\n`,
    `Max-Forwards: ${INITIAL_MAX_FORWARDS}\r\n`,
    ...more,
    'Content-Length: 0\r\n\r\n',
  ];
  return Buffer.from(lines.join(''), 'latin1');
}

function copied(head: Head, name: string): string[] {
  return linesNamed(head, name).map((line) => lineText(head, line));
}

function lineText(head: Head, line: { readonly start: number; readonly end: number }): string {
  return head.bytes.toString('latin1', line.start, line.end);
}
