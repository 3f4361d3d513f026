/**
 * A WebSocket as a channel (RFC 7118 §5): each message, text or binary, is one whole SIP message. One is taken at a turn,
 * and what we answer to its pings is bounded like everything else we send.
 */

import { isUtf8 } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';
import { frameMessage } from '../../../protocol/sip/frame.ts';
import type { Channel, Ears } from './channel.ts';

/** RFC 7118 §4: what both sides say they speak. */
export const SUBPROTOCOL = 'sip';

/** Settings that every WebSocket of ours has: no compression, which a peer could make us expand without end. */
export const WEB_SOCKET_SETTINGS = {
  perMessageDeflate: false,
  allowSynchronousEvents: false,
  autoPong: false,
} as const;

const PING = '\r\n\r\n';

export class WebSocketChannel implements Channel {
  readonly canAsk = true;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, options: { readonly ears: Ears; readonly maxQueuedBytes: number }) {
    const { ears, maxQueuedBytes } = options;
    this.#socket = socket;
    socket.on('message', (received: RawData) => {
      ears.onHeard();
      if (Buffer.isBuffer(received)) this.#take(received, ears);
    });
    socket.on('pong', ears.onHeard);
    socket.on('ping', (payload) => {
      ears.onHeard();
      if (socket.bufferedAmount > maxQueuedBytes) socket.terminate();
      else socket.pong(payload);
    });
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Text wherever it is text: browsers' user agents are used to that. */
  write(bytes: Buffer): void {
    this.#socket.send(bytes, { binary: !isUtf8(bytes) }, () => undefined);
  }

  ask(): void {
    this.#socket.ping();
  }

  end(): void {
    this.#socket.close();
  }

  destroy(): void {
    this.#socket.terminate();
  }

  /** What is malformed here is one message and not the rest of the stream: frames keep their ends apart. */
  #take(bytes: Buffer, ears: Ears): void {
    const framed = frameMessage(bytes);
    if (framed.kind !== 'keepalive') ears.onItem(framed);
    else if (bytes.toString('latin1') === PING) ears.onItem({ kind: 'ping' });
  }
}
