/** Opens a stream to a peer: TCP, or TLS with the peer's certificate held against the name we mean. It sends nothing. */

import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { identityProblem } from './certificate-identity.ts';
import type { Peer } from './sip-port.ts';

/** How we present ourselves to TLS servers, and whom we believe. PEM. */
export interface TlsClient {
  /** The system's authorities when left out. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly verify: boolean;
}

export const DEFAULT_TLS_CLIENT: TlsClient = { verify: true };
export const KEEP_ALIVE_AFTER_MS = 60_000;
export const MIN_TLS_VERSION = 'TLSv1.2';

/** `from` is the address to call from; any when it is no single one. */
export function dialTcp(to: Peer, from: string): Socket {
  return connectTcp({
    ...placeOf(to, from),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
  });
}

export function dialTls(to: Peer, from: string, client: TlsClient): TLSSocket {
  const socket = connectTls({ ...placeOf(to, from), ...tlsOptions(to, client) });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  return socket;
}

/** Options of a TLS handshake with the peer, by whatever makes it. */
export function tlsOptions(to: Peer, client: TlsClient): TlsOptions {
  const domain = to.domain ?? to.address;
  const isName = isIP(domain.replace(/^\[|\]$/g, '')) === 0;
  return {
    minVersion: MIN_TLS_VERSION,
    rejectUnauthorized: client.verify,
    checkServerIdentity: (_host, certificate) => (client.verify ? identityProblem(domain, certificate) : undefined),
    // A server name is a name (RFC 6066 §3): an address is not sent.
    servername: isName ? domain : '',
    ...(client.ca === undefined ? {} : { ca: client.ca }),
    ...(client.cert === undefined ? {} : { cert: client.cert }),
    ...(client.key === undefined ? {} : { key: client.key }),
  };
}

export interface TlsOptions {
  readonly minVersion: typeof MIN_TLS_VERSION;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (host: string, certificate: Parameters<typeof identityProblem>[1]) => Error | undefined;
  readonly servername: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Addresses only: nothing is looked up here. */
export function placeOf(to: Peer, from: string): { host: string; port: number; localAddress?: string } {
  const isAny = from === '0.0.0.0' || from === '::';
  return { host: to.address, port: to.port, ...(isAny ? {} : { localAddress: from }) };
}
