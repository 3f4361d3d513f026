/** What a SIP party of these tests talks through: datagrams to the node, or one WebSocket (RFC 7118). It reads no SIP. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { UdpPeer } from '../udp-peer.ts';

export interface Wire {
  /** Transport and sent-by, as Via says them. */
  readonly via: string;
  readonly contact: string;
  /** Every message that came, oldest first. */
  readonly heard: readonly Buffer[];
  send(message: Buffer): void;
  close(): void;
}

/** A telephone: everything it sends goes to the node's port for UDP. */
export function overUdp(user: string, peer: UdpPeer, nodePort: number): Wire {
  const { port } = peer;
  return {
    via: `SIP/2.0/UDP 127.0.0.1:${port}`,
    contact: `sip:${user}@127.0.0.1:${port}`,
    heard: peer.received,
    send: (message) => peer.send(message, nodePort),
    close: () => peer.close(),
  };
}

/** A browser: it calls the node, and names itself by what nobody could call back (RFC 7118 §5). */
export async function connectWebSocket(user: string, nodePort: number): Promise<Wire> {
  const socket = new WebSocket(`ws://127.0.0.1:${nodePort}/`, 'sip');
  const wire = overWebSocket(user, socket);
  await once(socket, 'open');
  return wire;
}

/** A next hop that takes WebSockets, as the proxy in front of browsers does. */
export class WebSocketHop {
  readonly #server: WebSocketServer;
  readonly #wires: Wire[] = [];
  #connections = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#connections += 1;
      this.#wires.push(overWebSocket('browser', socket));
    });
  }

  static async open(): Promise<WebSocketHop> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'sip' });
    await once(server, 'listening');
    return new WebSocketHop(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How often the node connected. */
  get connections(): number {
    return this.#connections;
  }

  /** The connection that the node has opened, once it is there. */
  get wire(): Wire | undefined {
    return this.#wires[0];
  }

  close(): void {
    for (const wire of this.#wires) wire.close();
    this.#server.close();
  }
}

function overWebSocket(user: string, socket: WebSocket): Wire {
  const heard: Buffer[] = [];
  const name = `${randomBytes(6).toString('hex')}.invalid`;
  socket.on('message', (message: Buffer) => heard.push(message));
  return {
    via: `SIP/2.0/WS ${name}`,
    contact: `sip:${user}@${name};transport=ws`,
    heard,
    send: (message) => socket.send(message.toString('latin1')),
    close: () => socket.terminate(),
  };
}
