/** SIP over TCP and TLS (RFC 3261 §18, RFC 5922): the stream is the channel. */

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import { errorCode } from '../../../base/error.ts';
import type { Carrier, Opening } from './carrier.ts';
import { identityProblem } from './certificate-identity.ts';
import type { SpeaksFor } from './connection.ts';
import { dialTcp, dialTls, MIN_TLS_VERSION } from './dial.ts';
import type { TlsClient } from './dial.ts';
import type { Peer } from './sip-port.ts';
import { StreamChannel } from './stream-channel.ts';

/** How we present ourselves to TLS clients, and whom we let in. PEM. */
export interface TlsServer {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; the system's when left out. */
  readonly ca?: string | undefined;
  readonly requireClientCertificate: boolean;
}

export interface StreamCarrierOptions {
  /** The address to call from. */
  readonly address: string;
  readonly messagesPerTurn: number;
}

export function tcpCarrier({ address, messagesPerTurn }: StreamCarrierOptions): Carrier {
  const channelOf = (socket: Socket, { ears }: Opening): StreamChannel =>
    new StreamChannel(socket, { ears, messagesPerTurn });
  return {
    accept: (raw, opening) => opening.onOpen(channelOf(raw, opening)),
    dial(to, opening) {
      const socket = dialTcp(to, address);
      watch(socket, opening);
      socket.once('connect', () => opening.onOpen(channelOf(socket, opening)));
      return () => socket.destroy();
    },
    close: () => undefined,
  };
}

export function tlsCarrier(
  options: StreamCarrierOptions & { readonly server: TlsServer; readonly client: TlsClient },
): Carrier {
  const { address, messagesPerTurn, server, client } = options;
  const handshakes = new Handshakes(server);
  const open = (socket: TLSSocket, opening: Opening): void =>
    opening.onOpen(new StreamChannel(socket, { ears: opening.ears, messagesPerTurn }), speakerOf(socket));
  return {
    accept: (raw, opening) => handshakes.begin(raw, opening, (socket) => open(socket, opening)),
    dial(to: Peer, opening) {
      const socket = dialTls(to, address, client);
      watch(socket, opening);
      socket.once('secureConnect', () => open(socket, opening));
      return () => socket.destroy();
    },
    close: () => undefined,
  };
}

/** TLS handshakes with peers that called: raw sockets in, secure ones out. */
export class Handshakes {
  readonly #server: Server;
  readonly #demandsCertificate: boolean;
  readonly #waiting = new Map<string, { readonly opening: Opening; readonly done: (socket: TLSSocket) => void }>();

  constructor(tls: TlsServer) {
    const { cert, key, ca, requireClientCertificate } = tls;
    this.#demandsCertificate = requireClientCertificate;
    this.#server = createServer({
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      // With authorities but no demand, a certificate is looked at where one is shown.
      requestCert: requireClientCertificate || ca !== undefined,
      // We refuse by ourselves, below, and then know whom.
      rejectUnauthorized: false,
      // A session that is taken up again shows no certificate, and would count as verified all the same.
      secureOptions: constants.SSL_OP_NO_TICKET,
      minVersion: MIN_TLS_VERSION,
    });
    this.#server.on('secureConnection', (socket) => this.#finish(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#fail(error, socket));
  }

  /** The server never listens: sockets are let in by the port, with its limits, and handed over here. */
  begin(raw: Socket, opening: Opening, done: (socket: TLSSocket) => void): void {
    const key = keyOf(raw);
    const waiting = { opening, done };
    this.#waiting.set(key, waiting);
    raw.once('close', () => {
      // The same port may have called again before we saw this end.
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    });
    this.#server.emit('connection', raw);
  }

  #finish(socket: TLSSocket): void {
    const key = keyOf(socket);
    const found = this.#waiting.get(key);
    if (!found) {
      socket.destroy();
      return;
    }
    this.#waiting.delete(key);
    socket.on('error', (error) => found.opening.onFailed(undefined, errorCode(error)));
    if (this.#demandsCertificate && !speakerOf(socket)) {
      found.opening.onFailed('certificate_refused', 'CERT_NOT_ACCEPTED');
      socket.destroy();
    } else {
      found.done(socket);
    }
  }

  #fail(error: Error, socket: TLSSocket): void {
    this.#waiting.get(keyOf(socket))?.opening.onFailed('handshake_failed', errorCode(error));
    socket.destroy();
  }
}

/** A verified peer certificate as a judge of names; undefined without one. */
export function speakerOf(socket: TLSSocket): SpeaksFor | undefined {
  const certificate = socket.getPeerCertificate();
  // Without one the object is empty, whatever its type says.
  if (!socket.authorized || Object.keys(certificate).length === 0) return undefined;
  return (domain) => identityProblem(domain, certificate) === undefined;
}

/** Errors and the end of a socket that we opened. */
export function watch(socket: Socket, opening: Opening): void {
  socket.on('error', (error) => {
    const code = errorCode(error);
    opening.onFailed(isAboutCertificate(code) ? 'certificate_refused' : undefined, code);
  });
  socket.once('close', () => opening.onClosed());
}

/** OpenSSL's words for a chain or a name that was not accepted. */
function isAboutCertificate(code: string): boolean {
  return /CERT|SIGNATURE|ALTNAME|PEER_DID_NOT_RETURN/.test(code);
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
}
