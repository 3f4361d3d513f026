/** The OPTIONS that asks a next hop whether it lives (RFC 3261 §11): for that hop alone, and of no dialog. */

import type { OwnVia } from './edits.ts';

export interface Ping {
  readonly via: OwnVia;
  /** `host[:port]` as its routes name it, IPv6 in brackets. */
  readonly target: string;
  /** Parameters of the target's URI, semicolons included. */
  readonly targetParams: string;
  /** Random, in letters and digits. */
  readonly callId: string;
  readonly tag: string;
}

/** Max-Forwards is 0: the hop itself is asked, and nobody behind it. There is no Contact, as there is nothing to call. */
export function buildPing(ping: Ping): Buffer {
  const { via, target, targetParams, callId, tag } = ping;
  const lines = [
    `OPTIONS sip:${target}${targetParams} SIP/2.0`,
    `Via: SIP/2.0/${via.transport.toUpperCase()} ${via.sentBy};branch=${via.branch};rport`,
    'Max-Forwards: 0',
    `From: <sip:earshot@${via.sentBy}>;tag=${tag}`,
    `To: <sip:${target}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/**
 * Whether whoever answered so can serve: anything below 500 will do, as who refuses us is alive. A 501 knows no OPTIONS
 * and a 6xx speaks for a user; neither says that the server is unwell.
 */
export function provesLife(status: number): boolean {
  return status < 500 || status === 501 || status >= 600;
}
