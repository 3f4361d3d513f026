/** A WebSocket server on loopback that records what a vosk client sends, and answers as the test says. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';

export interface Received {
  readonly isBinary: boolean;
  readonly bytes: Buffer;
}

export class VoskServer {
  readonly received: Received[] = [];
  readonly requests: IncomingMessage[] = [];
  /** The newest client. */
  client: WebSocket | undefined;
  /** Called for each message but the configuration; sends what it returns. */
  answer: (message: Received) => string | undefined = () => '{"partial": ""}';
  readonly #server: WebSocketServer;
  #waiting: { count: number; resolve: () => void } | undefined;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (client, request) => {
      this.client = client;
      this.requests.push(request);
      client.on('error', () => undefined);
      client.on('message', (bytes: Buffer, isBinary) => this.#onMessage(client, { isBinary, bytes }));
    });
  }

  static async listen(options: { readonly perMessageDeflate?: boolean } = {}): Promise<VoskServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
    await once(server, 'listening');
    return new VoskServer(server);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `ws://127.0.0.1:${port}`;
  }

  get audioBytes(): number {
    return this.received.filter(({ isBinary }) => isBinary).reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get texts(): string[] {
    return this.received.filter(({ isBinary }) => !isBinary).map(({ bytes }) => bytes.toString());
  }

  /** Resolves when `count` messages have come. */
  async messages(count: number): Promise<void> {
    if (this.received.length >= count) return;
    await new Promise<void>((resolve) => (this.#waiting = { count, resolve }));
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #onMessage(client: WebSocket, message: Received): void {
    this.received.push(message);
    if (this.#waiting && this.received.length >= this.#waiting.count) this.#waiting.resolve();
    if (!message.isBinary && message.bytes.toString().includes('"config"')) return;
    const answer = this.answer(message);
    if (answer !== undefined) client.send(answer);
    // As vosk-server does: the end of the audio ends the connection.
    if (!message.isBinary && answer !== undefined) client.close();
  }
}
