/**
 * SIP peers on real loopback sockets: each listens, or calls, or both, by one transport. They keep what they receive
 * until a test asks for it; what they say is written by the test.
 */

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { hostPort } from '../../../../src/protocol/sip/edits.ts';
import { StreamFramer } from '../../../../src/protocol/sip/stream-framer.ts';
import type { SipTransport } from '../../../../src/protocol/sip/transport.ts';

export interface Received {
  readonly bytes: Buffer;
  readonly text: string;
  /** Says something back the way it came. */
  readonly reply: (text: string) => void;
  /** Closes the way it came. */
  readonly hangUp: () => void;
  /** Numbers the ways it can come by, from 0. */
  readonly way: number;
}

/** One open way to or from Earshot. */
export interface Line {
  readonly send: (text: string | Buffer) => void;
  readonly close: () => void;
  /** Resolves when the other side hangs up. */
  readonly closed: Promise<void>;
  readonly localPort: number;
}

const CERTIFICATES = join(import.meta.dirname, '../../../vectors/tls');

export function pem(name: string): string {
  return readFileSync(join(CERTIFICATES, name), 'utf8');
}

/** A certificate with its key, as node:tls takes them. */
export function identity(name: string): { readonly cert: string; readonly key: string } {
  return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
}

export const CA = pem('test-ca.pem');

/** Messages received, in order, and those who wait for one. */
class Inbox {
  readonly #messages: Received[] = [];
  readonly #waiting: { readonly begins: string; readonly done: (message: Received) => void }[] = [];

  put(message: Received): void {
    const index = this.#waiting.findIndex(({ begins }) => message.text.startsWith(begins));
    if (index < 0) this.#messages.push(message);
    else this.#waiting.splice(index, 1)[0]?.done(message);
  }

  next(begins: string): Promise<Received> {
    const index = this.#messages.findIndex(({ text }) => text.startsWith(begins));
    const [found] = index < 0 ? [] : this.#messages.splice(index, 1);
    if (found) return Promise.resolve(found);
    return new Promise((done) => this.#waiting.push({ begins, done }));
  }

  get unread(): readonly string[] {
    return this.#messages.map(({ text }) => text.split('\r\n')[0] ?? '');
  }
}

export interface PeerOptions {
  readonly transport: SipTransport;
  readonly family?: 4 | 6;
  /** Certificate it presents, both as server and as client; as a client none when `null`. */
  readonly certificate?: string | null;
  /** What a WebSocket client says of itself. */
  readonly origin?: string;
  readonly path?: string;
  /** Whether a TLS server asks for a certificate. */
  readonly demandsCertificate?: boolean;
}

export class TestPeer {
  readonly transport: SipTransport;
  readonly host: string;
  port = 0;
  readonly #options: PeerOptions;
  readonly #inbox = new Inbox();
  readonly #closers: (() => unknown)[] = [];
  #sendDatagram: (text: string | Buffer, port: number) => void = () => undefined;
  #ways = 0;

  private constructor(options: PeerOptions) {
    this.#options = options;
    this.transport = options.transport;
    this.host = options.family === 6 ? '::1' : '127.0.0.1';
  }

  static async open(options: PeerOptions): Promise<TestPeer> {
    const peer = new TestPeer(options);
    if (options.transport === 'udp') await peer.#bind();
    else await peer.#listen();
    return peer;
  }

  /** `host:port` as its Via and Contact say it. */
  get sentBy(): string {
    return hostPort(this.host, this.port);
  }

  /** Connections that Earshot made to it. */
  get ways(): number {
    return this.#ways;
  }

  get unread(): readonly string[] {
    return this.#inbox.unread;
  }

  /** The next message that begins so, whenever it comes. */
  next(begins: string): Promise<Received> {
    return this.#inbox.next(begins);
  }

  /** Opens a way to a listener of Earshot's. */
  async call(port: number): Promise<Line> {
    if (this.transport === 'udp') {
      const send = (text: string | Buffer): void => this.#sendDatagram(text, port);
      return { send, close: () => undefined, closed: Promise.resolve(), localPort: this.port };
    }
    return this.transport === 'ws' || this.transport === 'wss' ? this.#callWebSocket(port) : this.#callStream(port);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #bind(): Promise<void> {
    const socket = createSocket(this.#options.family === 6 ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.bind(0, this.host, resolve));
    this.#closers.push(() => socket.close());
    this.port = socket.address().port;
    this.#sendDatagram = (text, port) => socket.send(text, port, this.host);
    socket.on('message', (bytes, from) => {
      const reply = (text: string): void => socket.send(Buffer.from(text, 'latin1'), from.port, from.address);
      this.#inbox.put({ bytes, text: bytes.toString('latin1'), reply, hangUp: () => undefined, way: 0 });
    });
  }

  async #listen(): Promise<void> {
    const { certificate, demandsCertificate = false } = this.#options;
    const tls = { ...identity(certificate ?? 'peer'), ca: CA, requestCert: demandsCertificate };
    const server = this.#serverOf(tls);
    await new Promise<void>((resolve) => server.listen(0, this.host, resolve));
    this.port = (server.address() as AddressInfo).port;
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    this.#closers.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
  }

  #serverOf(tls: Parameters<typeof createTlsServer>[0]): Server {
    const onStream = (socket: Socket): void => this.#readStream(socket, this.#ways++);
    if (this.transport === 'tcp') return createServer(onStream);
    if (this.transport === 'tls') return createTlsServer(tls, onStream);
    const http = this.transport === 'ws' ? createHttpServer() : createHttpsServer(tls);
    const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'sip' });
    sockets.on('connection', (socket) => this.#readWebSocket(socket, this.#ways++));
    return http;
  }

  async #callStream(port: number): Promise<Line> {
    const { certificate } = this.#options;
    const client = certificate === null ? {} : identity(certificate ?? 'peer');
    const at = { host: this.host, port };
    const socket = this.transport === 'tcp' ? connect(at) : connectTls({ ...at, ca: CA, ...client });
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#closers.push(() => socket.destroy());
    const open = this.transport === 'tcp' ? 'connect' : 'secureConnect';
    await Promise.race([new Promise<void>((resolve) => socket.once(open, resolve)), closed]);
    this.#readStream(socket, -1);
    const localPort = socket.localPort ?? 0;
    return { send: (text) => socket.write(text, 'latin1'), close: () => socket.destroy(), closed, localPort };
  }

  async #callWebSocket(port: number): Promise<Line> {
    const { certificate, origin, path = '/' } = this.#options;
    const client = certificate === null ? {} : identity(certificate ?? 'peer');
    const url = `${this.transport}://${hostPort(this.host, port)}${path}`;
    const socket = new WebSocket(url, 'sip', { ca: CA, ...client, ...(origin === undefined ? {} : { origin }) });
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#closers.push(() => socket.terminate());
    await Promise.race([new Promise<void>((resolve) => socket.once('open', () => resolve())), closed]);
    this.#readWebSocket(socket, -1);
    return { send: (text) => socket.send(text), close: () => socket.terminate(), closed, localPort: 0 };
  }

  #readStream(socket: Socket, way: number): void {
    const framer = new StreamFramer();
    const reply = (text: string): void => void socket.write(text, 'latin1');
    const hangUp = (): void => void socket.destroy();
    socket.on('data', (chunk: Buffer) => {
      // A lone line break is the answer to a keep-alive.
      if (chunk.equals(Buffer.from('\r\n'))) this.#inbox.put({ bytes: chunk, text: 'PONG', reply, hangUp, way });
      framer.push(chunk);
      for (let item = framer.next(); item; item = framer.next()) {
        if (item.kind !== 'framed') continue;
        const { bytes } = item.head;
        this.#inbox.put({ bytes, text: bytes.toString('latin1'), reply, hangUp, way });
      }
    });
  }

  #readWebSocket(socket: WebSocket, way: number): void {
    const reply = (text: string): void => socket.send(text);
    const hangUp = (): void => socket.terminate();
    socket.on('message', (bytes: Buffer, isBinary: boolean) => {
      const text = bytes.toString('latin1');
      const said = text === '\r\n' ? 'PONG' : `${isBinary ? '(binary) ' : ''}${text}`;
      this.#inbox.put({ bytes, text: said, reply, hangUp, way });
    });
  }
}
