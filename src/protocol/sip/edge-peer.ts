/**
 * Whether the sender of a request can be called back at its Contact, or only by the way it came (RFC 5626 §5.1, RFC 7118
 * §5). Asked of requests straight from a user agent: behind another proxy, that proxy knows. It reads and decides only.
 */

import { linesNamed } from './head-index.ts';
import { canonicalHost, readIpAddress } from './ip-address.ts';
import { listText, listValues } from './list-values.ts';
import type { SipRequest } from './message.ts';
import { readNameAddress } from './name-address.ts';
import { hasParam } from './params.ts';
import type { Source } from './reply-address.ts';
import { defaultPort, isReliable, isSecure, isWebSocket } from './transport.ts';
import type { SipTransport } from './transport.ts';
import { readUri } from './uri.ts';
import type { SipUri } from './uri.ts';

/** Names that never resolve, which a browser gives itself (RFC 2606, RFC 7118 §5.2.2). */
export function isInvalidName(host: string): boolean {
  return /(^|\.)invalid\.?$/i.test(host);
}

/** Whether requests to it go by the flow it came on: never, as long as that stands, or by nothing else. */
export type FlowUse = 'none' | 'first' | 'only';

/** How in-dialog requests to the sender of `request` are to go. */
export function flowUse(request: SipRequest, source: Source, transport: SipTransport): FlowUse {
  if (request.vias.length > 1 || linesNamed(request.head, 'record-route').length > 0) return 'none';
  const contact = readContact(request);
  if (contact?.kind !== 'sip') return 'none';
  if (isWebSocket(transport) || isInvalidName(contact.host) || hasParam(contact.params, 'ob')) return 'only';
  if (isOwnConnection(contact, source, transport)) return 'only';
  if (isBehindNat(request, contact, { source, transport })) return 'only';
  // By an address alone nobody's certificate can be judged, unless it names that: who came by TLS is answered by it.
  return isSecure(transport) && isSameAddress(contact.host, source.address) ? 'first' : 'none';
}

/** The port it called from: nobody listens there, and the connection is its only end. */
function isOwnConnection(contact: SipAddress, source: Source, transport: SipTransport): boolean {
  const port = contact.port ?? defaultPort(transport);
  return isReliable(transport) && port === source.port && isSameAddress(contact.host, source.address);
}

/**
 * It calls itself in Via and in Contact by one and the same address, and came from another. Over UDP only if it asks for
 * answers at the port it sent from (RFC 3581): a machine with several addresses does not, and is best called back.
 */
function isBehindNat(
  { topVia }: SipRequest,
  contact: SipAddress,
  { source, transport }: { readonly source: Source; readonly transport: SipTransport },
): boolean {
  if (!isReliable(transport) && topVia.rport === undefined) return false;
  if (!readIpAddress(contact.host) || isSameAddress(contact.host, source.address)) return false;
  return isSameAddress(contact.host, topVia.host);
}

type SipAddress = Extract<SipUri, { readonly kind: 'sip' }>;

function readContact({ head }: SipRequest): SipUri | undefined {
  const [value] = listValues(head, 'contact');
  const uri = value && readNameAddress(listText(head, value))?.uri;
  return uri === undefined ? undefined : readUri(uri);
}

function isSameAddress(one: string, other: string): boolean {
  return canonicalHost(one) === canonicalHost(other);
}
