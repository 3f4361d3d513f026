/**
 * Where the response to a request goes (RFC 3261 §18.2, RFC 3581 §4): what the previous hop's Via must be made to say,
 * and how it is read again when the response comes back. It trusts where the request came from, never the Via's own word.
 */

import type { Splice } from '../splice.ts';
import type { PreviousHop } from './branch.ts';
import { canonicalHost } from './ip-address.ts';
import type { HopTarget } from './loose-route.ts';
import { defaultPort, isReliable, isWebSocket, transportOfVia } from './transport.ts';
import type { SipTransport } from './transport.ts';
import type { Via } from './via.ts';

export interface Source {
  /** An IP literal. */
  readonly address: string;
  readonly port: number;
}

/** The edits that write `received` and `rport` into the Via of the hop that sent a request. */
export function markReceived(via: Via, source: Source): Splice[] {
  const rport = paramNamed(via, 'rport');
  const received = paramNamed(via, 'received');
  const splices: Splice[] = [];
  if (rport) splices.push(replaced(via, rport, `;rport=${source.port}`));
  const insert = `;received=${source.address}`;
  // A `received` that the client wrote itself would send its response elsewhere, so ours takes its place.
  if (received) splices.push(replaced(via, received, insert));
  else if (needsReceived(via, source)) splices.push({ at: via.end, remove: 0, insert });
  return splices;
}

/** The hop as its Via reads once marked. */
export function markedHop(via: Via, source: Source): PreviousHop {
  return {
    host: via.host,
    port: via.port,
    branch: via.branch,
    transport: via.transport,
    received: paramNamed(via, 'received') || needsReceived(via, source) ? source.address : undefined,
    rport: via.rport === undefined ? undefined : source.port,
  };
}

/**
 * Where a response to a request from `source` is sent. On a stream that is where a new connection would have to go once
 * the request's own is lost: the port its sender listens at, not the one it called from (§18.2.2).
 */
export function replyAddress(via: Via, source: Source, transport: SipTransport): Source {
  const { address } = source;
  if (isReliable(transport)) return { address, port: listeningPort(via, transport) };
  return { address, port: via.rport === undefined ? (via.port ?? defaultPort(transport)) : source.port };
}

/**
 * Where a response goes by the word of a Via that was marked by us, once the connection it asks for is gone. `host` may
 * be a name if it never was marked.
 */
export function markedReplyAddress(via: Via): HopTarget {
  const transport = transportOfVia(via.transport) ?? 'udp';
  const host = via.received ?? via.host;
  if (isReliable(transport)) return { host, port: listeningPort(via, transport), transport, domain: via.host };
  const port = typeof via.rport === 'number' ? via.rport : (via.port ?? defaultPort(transport));
  return { host, port, transport };
}

/** 0 where nobody listens: a WebSocket client has its own connection and no other. */
function listeningPort(via: Via, transport: SipTransport): number {
  return isWebSocket(transport) ? 0 : (via.port ?? defaultPort(transport));
}

function needsReceived(via: Via, source: Source): boolean {
  return via.rport !== undefined || canonicalHost(via.host) !== canonicalHost(source.address);
}

function paramNamed(via: Via, name: string): Via['params'][number] | undefined {
  return via.params.find((param) => param.name === name);
}

function replaced(via: Via, param: Via['params'][number], insert: string): Splice {
  return { at: via.start + param.start, remove: param.end - param.start, insert };
}
