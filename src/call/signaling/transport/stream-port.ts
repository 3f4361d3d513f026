/**
 * A listener for SIP over streams: who is let in, which connection carries what, and a new one where there is none
 * (RFC 3261 §18, RFC 5923). What a transport does with its sockets is its carrier's affair.
 */

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { errorCode } from '../../../base/error.ts';
import type { Cancel, Clock } from '../../../base/clock.ts';
import type { RandomBytes } from '../../../base/ids.ts';
import { FLOW_ID_CHARS } from '../../../protocol/sip/flow.ts';
import type { Head } from '../../../protocol/sip/head-index.ts';
import { listText, listValues } from '../../../protocol/sip/list-values.ts';
import { hasParam } from '../../../protocol/sip/params.ts';
import type { StreamItem } from '../../../protocol/sip/stream-framer.ts';
import { defaultPort, isSecure } from '../../../protocol/sip/transport.ts';
import type { SipTransport } from '../../../protocol/sip/transport.ts';
import { readVia } from '../../../protocol/sip/via.ts';
import type { Carrier, Opening } from './carrier.ts';
import type { ConnectionCensus } from './connection-census.ts';
import { ConnectionTable } from './connection-table.ts';
import { Connection } from './connection.ts';
import { KEEP_ALIVE_AFTER_MS } from './dial.ts';
import type { Peer, Remote, SipPort, StreamHandlers } from './sip-port.ts';
import type { TransportLimits } from './transport-limits.ts';

export interface StreamPortOptions {
  readonly transport: Exclude<SipTransport, 'udp'>;
  readonly address: string;
  readonly port: number;
  readonly carrier: Carrier;
  readonly census: ConnectionCensus;
  /** False when we open connections without looking at certificates: then any may carry anything. */
  readonly verify: boolean;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly limits: TransportLimits;
  readonly handlers: StreamHandlers;
}

const PONG = Buffer.from('\r\n');

/** Binds the listener, or rejects with the system's error. */
export async function openStreamPort(options: StreamPortOptions): Promise<SipPort> {
  const port = new StreamPort(options);
  await port.listen();
  return port;
}

class StreamPort implements SipPort {
  readonly transport: SipTransport;
  readonly family: 4 | 6;
  readonly #options: StreamPortOptions;
  readonly #table: ConnectionTable;
  readonly #server: Server;
  #local: Remote;
  #cancelSweep: Cancel | undefined;
  #isOpen = false;

  constructor(options: StreamPortOptions) {
    const { transport, address, port, verify } = options;
    this.transport = transport;
    this.family = address.includes(':') ? 6 : 4;
    this.#options = options;
    this.#local = { address, port };
    this.#table = new ConnectionTable({ isAuthenticated: isSecure(transport) && verify });
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS };
    this.#server = createServer({ noDelay: true, ...keepAlive }, (raw) => this.#accept(raw));
  }

  get local(): Remote {
    return this.#local;
  }

  async listen(): Promise<void> {
    const { address, port, clock, limits, handlers } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: address, port, ipv6Only: this.family === 6, exclusive: true }, () => {
        this.#server.removeListener('error', reject);
        this.#server.on('error', (error) => handlers.onError(errorCode(error)));
        resolve();
      });
    });
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound) this.#local = { address, port: bound.port };
    this.#isOpen = true;
    this.#cancelSweep = clock.every(limits.sweepEveryMs, () => {
      for (const connection of this.#table.all) connection.sweep(this.#nowMs());
    });
  }

  send(bytes: Buffer, to: Peer, onFailed?: () => void): void {
    const connection = this.#isOpen ? this.#connectionTo(to) : undefined;
    if (connection) connection.send(bytes, onFailed, this.#nowMs());
    else if (onFailed) setImmediate(onFailed);
  }

  hasFlow(flow: string): boolean {
    return this.#table.byFlow(flow) !== undefined;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#cancelSweep?.();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#table.all) connection.destroy();
    this.#options.carrier.close();
    await closed;
  }

  #connectionTo(to: Peer): Connection | undefined {
    const byFlow = to.flow === undefined ? undefined : this.#table.byFlow(to.flow);
    if (byFlow) return byFlow;
    if (to.port !== 0) return this.#table.toPlace(to) ?? this.#dial(to);
    this.#options.handlers.onEvent('flow_gone');
    return undefined;
  }

  #accept(raw: Socket): void {
    const { census, carrier, handlers } = this.#options;
    const { remoteAddress, remotePort } = raw;
    raw.on('error', (error) => handlers.onError(errorCode(error)));
    if (remoteAddress === undefined || remotePort === undefined || !this.#isOpen) {
      raw.destroy();
      return;
    }
    const refusal = census.admit(remoteAddress);
    if (refusal) {
      handlers.onEvent(refusal);
      raw.resetAndDestroy();
      return;
    }
    const remote = { address: remoteAddress, port: remotePort };
    const connection = this.#build({ remote, openedBy: 'peer', domain: undefined, abort: () => raw.destroy() });
    handlers.onEvent('accepted');
    raw.once('close', () => {
      census.leave(remoteAddress);
      this.#forget(connection);
    });
    carrier.accept(raw, this.#openingOf(connection));
  }

  #dial(to: Peer): Connection | undefined {
    const { census, carrier, handlers } = this.#options;
    if (!census.beginConnecting()) {
      handlers.onEvent('too_many_connecting');
      return undefined;
    }
    let abort = (): void => undefined;
    const remote = { address: to.address, port: to.port };
    const domain = to.domain ?? to.address;
    const connection = this.#build({ remote, openedBy: 'us', domain, abort: () => abort() });
    const opening = this.#openingOf(connection);
    let isOpening = true;
    const endOpening = (): void => {
      if (isOpening) census.endConnecting();
      isOpening = false;
    };
    abort = carrier.dial(to, {
      ...opening,
      onOpen: (channel, speaksFor) => {
        endOpening();
        handlers.onEvent('opened');
        opening.onOpen(channel, speaksFor);
      },
      onFailed: (event, code) => opening.onFailed(event ?? (isOpening ? 'connect_failed' : undefined), code),
      onClosed: () => {
        endOpening();
        census.close();
        opening.onClosed();
      },
    });
    return connection;
  }

  #build(made: Pick<Connection, 'remote' | 'openedBy' | 'domain'> & { readonly abort: () => void }): Connection {
    const { random, limits, handlers } = this.#options;
    const id = Buffer.from(random(FLOW_ID_CHARS / 2)).toString('hex');
    const connection = new Connection({ ...made, id, nowMs: this.#nowMs(), limits, onEvent: handlers.onEvent });
    this.#table.add(connection);
    return connection;
  }

  #openingOf(connection: Connection): Opening {
    const { handlers } = this.#options;
    return {
      ears: {
        onHeard: () => connection.heard(this.#nowMs()),
        onItem: (item) => this.#onItem(connection, item),
        onPartial: (isMidMessage) => connection.partial(isMidMessage, this.#nowMs()),
      },
      onOpen: (channel, speaksFor) => {
        connection.speaksFor = speaksFor;
        connection.open(channel, this.#nowMs());
      },
      onFailed: (event, code) => {
        handlers.onError(code);
        if (event) handlers.onEvent(event);
      },
      onClosed: () => this.#forget(connection),
    };
  }

  /** False when the connection is to take nothing more. */
  #onItem(connection: Connection, item: StreamItem): boolean {
    if (!connection.isUsable) return false;
    const nowMs = this.#nowMs();
    if (item.kind === 'ping') {
      connection.send(PONG, undefined, nowMs);
      return connection.isUsable;
    }
    const { address, port } = connection.remote;
    if (item.kind === 'framed') {
      connection.spoke();
      this.#noteAlias(connection, item.head);
    }
    this.#options.handlers.onFramed(item, { address, port, flow: connection.id });
    // Frames of a WebSocket keep their ends apart; in a stream nobody knows where the next message begins.
    const isLost = item.kind === 'malformed' && (this.transport === 'tcp' || this.transport === 'tls');
    if (isLost) connection.end('unframeable', nowMs);
    return connection.isUsable;
  }

  /** A peer with a certificate may ask to be called by its own connection (RFC 5923 §5); its name is checked when it is. */
  #noteAlias(connection: Connection, head: Head): void {
    if (connection.openedBy === 'us' || !connection.speaksFor) return;
    const [value] = listValues(head, 'via');
    const via = value && readVia(listText(head, value), value.start);
    // The top Via of a response is our own.
    const isRequest = head.bytes.toString('latin1', 0, 4).toUpperCase() !== 'SIP/';
    if (!isRequest || !via || !hasParam(via.params, 'alias')) return;
    this.#table.alias(connection, via.port ?? defaultPort(this.transport));
  }

  #forget(connection: Connection): void {
    connection.closed();
    this.#table.remove(connection);
  }

  #nowMs(): number {
    return this.#options.clock.monoUs() / 1000;
  }
}
