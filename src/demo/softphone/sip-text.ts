/** Writes the SIP messages a phone sends and reads those it gets. Reading is the protocol folder's; this only asks it. */

import { frameMessage } from '../../protocol/sip/frame.ts';
import { linesNamed, valueText } from '../../protocol/sip/head-index.ts';
import { listText, listValues } from '../../protocol/sip/list-values.ts';
import type { SipMessage, SipRequest } from '../../protocol/sip/message.ts';
import { readNameAddress } from '../../protocol/sip/name-address.ts';
import { readMessage } from '../../protocol/sip/read-message.ts';

export type { SipMessage, SipRequest, SipResponse } from '../../protocol/sip/message.ts';

export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS';
const SDP_TYPE = 'application/sdp';
const COPIED = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'record-route']);

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly via: string;
  readonly routes: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly contact?: string | undefined;
  /** More headers as `Name: value`, for peers that want them. */
  readonly extra?: readonly string[] | undefined;
  readonly sdp?: string | undefined;
}

export interface ResponseParts {
  readonly status: number;
  readonly phrase: string;
  /** Added to To where it has none. */
  readonly toTag?: string | undefined;
  readonly contact?: string | undefined;
  readonly sdp?: string | undefined;
}

export function writeRequest(parts: RequestParts): Buffer {
  return finish(
    [
      `${parts.method} ${parts.uri} SIP/2.0`,
      `Via: ${parts.via}`,
      ...parts.routes.map((route) => `Route: ${route}`),
      'Max-Forwards: 70',
      `From: ${parts.from}`,
      `To: ${parts.to}`,
      `Call-ID: ${parts.callId}`,
      `CSeq: ${parts.cseq} ${parts.method}`,
      ...(parts.contact === undefined ? [] : [`Contact: <${parts.contact}>`, `Allow: ${ALLOW}`]),
      ...(parts.extra ?? []),
    ],
    parts.sdp,
  );
}

/** A response with what RFC 3261 §8.2.6 and §12.1.1 copy from the request, as it came. */
export function writeResponse(request: SipRequest, parts: ResponseParts): Buffer {
  const { head } = request;
  const copied = head.lines.filter((line) => COPIED.has(line.name));
  const tag = request.toTag === '' && parts.toTag !== undefined ? `;tag=${parts.toTag}` : '';
  return finish(
    [
      `SIP/2.0 ${parts.status} ${parts.phrase}`,
      ...copied.map((line) => {
        const text = head.bytes.toString('latin1', line.start, line.valueEnd);
        return line.name === 'to' ? text + tag : text;
      }),
      ...(parts.contact === undefined ? [] : [`Contact: <${parts.contact}>`]),
      ...(parts.status === 200 || parts.status === 405 ? [`Allow: ${ALLOW}`] : []),
    ],
    parts.sdp,
  );
}

/** One datagram as a message; undefined for keep-alives and whatever is no SIP. */
export function readSip(datagram: Buffer): SipMessage | undefined {
  const framed = frameMessage(datagram);
  if (framed.kind !== 'framed') return undefined;
  const message = readMessage(framed.head);
  return message.kind === 'malformed' ? undefined : message;
}

/** URI of the Contact, or undefined when there is none that can be read. */
export function contactUri(message: SipMessage): string | undefined {
  const [value] = listValues(message.head, 'contact');
  return value && readNameAddress(listText(message.head, value))?.uri;
}

/** Record-Route values as they came, in their order. */
export function recordRoutes(message: SipMessage): string[] {
  return listValues(message.head, 'record-route').map((value) => listText(message.head, value));
}

/** The whole value of a header that occurs once, tags and all. */
export function headerText(message: SipMessage, name: string): string {
  const [line] = linesNamed(message.head, name);
  return line ? valueText(message.head, line) : '';
}

/** URI of From or To without its tag. */
export function partyUri(message: SipMessage, name: 'from' | 'to'): string {
  return readNameAddress(headerText(message, name))?.uri ?? '';
}

/** The session description of a message; undefined without one. */
export function sdpOf(message: SipMessage): Buffer | undefined {
  return message.contentType === SDP_TYPE && message.body.length > 0 ? message.body : undefined;
}

function finish(lines: readonly string[], sdp: string | undefined): Buffer {
  const body = Buffer.from(sdp ?? '', 'latin1');
  const type = sdp === undefined ? [] : [`Content-Type: ${SDP_TYPE}`];
  const head = [...lines, ...type, `Content-Length: ${body.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
