/**
 * SIP over WebSocket (RFC 7118): the upgrade of peers that call, with its path and origin, and our own to next hops.
 * A page from anywhere can make a browser call us from inside a trusted network, so an origin is let in by name only.
 */

import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { errorCode } from '../../../base/error.ts';
import { MAX_MESSAGE_BYTES } from '../../../protocol/sip/frame.ts';
import { bracketed } from '../../../protocol/sip/ip-address.ts';
import type { Carrier, Opening } from './carrier.ts';
import { dialTcp, dialTls } from './dial.ts';
import type { TlsClient } from './dial.ts';
import type { Peer, TransportEvent } from './sip-port.ts';
import { Handshakes, speakerOf } from './stream-carrier.ts';
import type { TlsServer } from './stream-carrier.ts';
import { SUBPROTOCOL, WEB_SOCKET_SETTINGS, WebSocketChannel } from './web-socket-channel.ts';

export interface WebSocketCarrierOptions {
  readonly address: string;
  readonly maxQueuedBytes: number;
  /** The one path that is served; any when left out. */
  readonly path?: string | undefined;
  /** Origins of the pages that may call, `*` for all; clients that are no browsers send none. */
  readonly origins?: readonly string[] | undefined;
  /** Undefined for WebSockets in the clear. */
  readonly tls?: { readonly server: TlsServer; readonly client: TlsClient } | undefined;
}

const MAX_HTTP_HEAD_BYTES = 8192;
const SETTINGS = { ...WEB_SOCKET_SETTINGS, maxPayload: MAX_MESSAGE_BYTES };

export function webSocketCarrier(options: WebSocketCarrierOptions): Carrier {
  const upgrades = new Upgrades(options);
  const handshakes = options.tls && new Handshakes(options.tls.server);
  return {
    accept(raw, opening) {
      if (handshakes) handshakes.begin(raw, opening, (socket) => upgrades.begin(socket, opening));
      else upgrades.begin(raw, opening);
    },
    dial: (to, opening) => dial(to, opening, options),
    close: () => upgrades.close(),
  };
}

/** HTTP as far as the upgrade, and no further. */
class Upgrades {
  readonly #options: WebSocketCarrierOptions;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #waiting = new WeakMap<Socket, Opening>();

  constructor(options: WebSocketCarrierOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ ...SETTINGS, noServer: true, handleProtocols: () => SUBPROTOCOL });
    this.#http = createServer({ maxHeaderSize: MAX_HTTP_HEAD_BYTES }, (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    this.#http.on('upgrade', (request: IncomingMessage, _socket, head) => this.#upgrade(request, head));
  }

  begin(socket: Socket, opening: Opening): void {
    this.#waiting.set(socket, opening);
    socket.on('error', (error) => opening.onFailed(undefined, errorCode(error)));
    this.#http.emit('connection', socket);
  }

  close(): void {
    this.#sockets.close();
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    const opening = this.#waiting.get(socket);
    const refusal = this.#refusal(request);
    if (!opening || refusal) {
      const status = refusal === 'bad_origin' ? '403 Forbidden' : '400 Bad Request';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      if (refusal) opening?.onFailed(refusal, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', (error) => opening.onFailed(undefined, errorCode(error)));
      const { maxQueuedBytes } = this.#options;
      const channel = new WebSocketChannel(webSocket, { ears: opening.ears, maxQueuedBytes });
      opening.onOpen(channel, socket instanceof TLSSocket ? speakerOf(socket) : undefined);
    });
  }

  #refusal({ url, headers }: IncomingMessage): Extract<TransportEvent, 'bad_upgrade' | 'bad_origin'> | undefined {
    const { path, origins } = this.#options;
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim().toLowerCase());
    if (!offered.includes(SUBPROTOCOL)) return 'bad_upgrade';
    if (path !== undefined && url?.split('?')[0] !== path) return 'bad_upgrade';
    const { origin } = headers;
    const isLetIn = origin === undefined || origins?.includes('*') === true || origins?.includes(origin) === true;
    return isLetIn ? undefined : 'bad_origin';
  }
}

function dial(to: Peer, opening: Opening, { address, maxQueuedBytes, tls }: WebSocketCarrierOptions): () => void {
  const scheme = tls ? 'wss' : 'ws';
  const name = bracketed(to.domain ?? to.address);
  const webSocket = new WebSocket(`${scheme}://${name}:${to.port}/`, SUBPROTOCOL, {
    ...SETTINGS,
    followRedirects: false,
    createConnection: () => (tls ? dialTls(to, address, tls.client) : dialTcp(to, address)),
  });
  webSocket.on('error', (error) => opening.onFailed(undefined, errorCode(error)));
  webSocket.once('close', () => opening.onClosed());
  webSocket.once('open', () => {
    if (webSocket.protocol === SUBPROTOCOL) {
      opening.onOpen(new WebSocketChannel(webSocket, { ears: opening.ears, maxQueuedBytes }));
    } else {
      opening.onFailed('bad_upgrade', 'subprotocol');
      webSocket.terminate();
    }
  });
  return () => webSocket.terminate();
}
