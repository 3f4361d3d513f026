/** The node's SIP interfaces: their listeners, the address each gives itself in Via and Record-Route, and what is ours. */

import { assert } from '../../base/assert.ts';
import { CodedError, errorCode } from '../../base/error.ts';
import { hostPort } from '../../protocol/sip/edits.ts';
import type { Framed } from '../../protocol/sip/frame.ts';
import { canonicalHost } from '../../protocol/sip/ip-address.ts';
import type { SipTransport } from '../../protocol/sip/transport.ts';
import type { OpenPort } from './datagram-port.ts';
import { advertisedBy, isStream } from './listeners.ts';
import type { InterfaceOptions, Listener, OpenStream } from './listeners.ts';
import type { Peer, SipPort, TransportEvent } from './transport/sip-port.ts';

/** Where a message came in and from whom. */
export interface Arrival {
  readonly at: SipInterface;
  readonly port: SipPort;
  readonly source: Peer;
}

export class SignalingError extends CodedError<'BIND_FAILED'> {}

/** An interface whose listeners are bound. */
export interface SipInterface {
  readonly name: string;
  readonly index: number;
  readonly ports: readonly SipPort[];
  /** `host:port` that speaks for the interface as a whole: its first listener's. */
  readonly sentBy: string;
  /** `host:port` of each listener, as Via and Record-Route say it. */
  readonly sentByOf: ReadonlyMap<SipPort, string>;
}

export interface InterfaceHandlers {
  readonly onDatagram: (bytes: Buffer, arrival: Arrival) => void;
  /** What was cut from a stream. */
  readonly onFramed: (framed: Framed, arrival: Arrival) => void;
  readonly onError: (interfaceName: string, code: string) => void;
  readonly onEvent: (transport: SipTransport, event: TransportEvent) => void;
}

export interface Openers {
  readonly udp: OpenPort;
  readonly stream: OpenStream;
}

/** The branch has one base-36 digit for the interface. */
const MAX_INTERFACES = 36;

export class Interfaces {
  readonly names: readonly string[];
  readonly #options: readonly InterfaceOptions[];
  readonly #open: Openers;
  readonly #own = new Set<string>();
  #bound: BoundInterface[] = [];

  constructor(options: readonly InterfaceOptions[], open: Openers) {
    assert(options.length > 0 && options.length <= MAX_INTERFACES, 'a node has between 1 and 36 SIP interfaces');
    this.#options = options;
    this.#open = open;
    this.names = options.map(({ name }) => name);
  }

  /** Binds every listener, or none: what was bound is closed again before it rejects with `BIND_FAILED`. */
  async start(handlers: InterfaceHandlers): Promise<void> {
    try {
      for (const [index, options] of this.#options.entries()) await this.#bind(index, options, handlers);
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
  }

  async stop(): Promise<void> {
    const bound = this.#bound;
    this.#bound = [];
    this.#own.clear();
    await Promise.all(bound.flatMap(({ ports }) => ports.map((port) => port.close())));
  }

  named(name: string): SipInterface | undefined {
    return this.#bound.find((bound) => bound.name === name);
  }

  at(index: number): SipInterface | undefined {
    return this.#bound[index];
  }

  /** Whether a host and port of a URI or Via name one of our listeners. */
  isOurs(host: string, port: number): boolean {
    return this.#own.has(ownKey(host, port));
  }

  async #bind(index: number, options: InterfaceOptions, handlers: InterfaceHandlers): Promise<void> {
    // Not yet complete, but already on the list, so that a failure half way closes what is open.
    const bound: BoundInterface = { name: options.name, index, ports: [], sentBy: '', sentByOf: new Map() };
    this.#bound.push(bound);
    for (const [order, listener] of options.listeners.entries()) {
      const port = await this.#bindListener(bound, options, listener, handlers);
      const { host, port: number } = advertisedBy(options, listener, { isFirst: order === 0, bound: port });
      const sentBy = hostPort(host, number);
      bound.ports.push(port);
      bound.sentByOf.set(port, sentBy);
      if (order === 0) bound.sentBy = sentBy;
      this.#own.add(ownKey(host, number)).add(ownKey(port.local.address, port.local.port));
    }
  }

  async #bindListener(
    at: SipInterface,
    options: InterfaceOptions,
    listener: Listener,
    handlers: InterfaceHandlers,
  ): Promise<SipPort> {
    const { transport = 'udp', address, port } = listener;
    let bound: SipPort | undefined;
    const arrive = <Bytes>(hand: (bytes: Bytes, arrival: Arrival) => void) => {
      return (bytes: Bytes, source: Peer): void => {
        if (bound) hand(bytes, { at, port: bound, source });
      };
    };
    const onError = (code: string): void => handlers.onError(at.name, code);
    try {
      bound = isStream(listener)
        ? await this.#open.stream(listener, options.tlsClient, {
            onFramed: arrive(handlers.onFramed),
            onError,
            onEvent: (event) => handlers.onEvent(transport, event),
          })
        : await this.#open.udp({ address, port, onDatagram: arrive(handlers.onDatagram), onError });
      return bound;
    } catch (cause) {
      const where = `${transport} ${hostPort(address, port)}`;
      const why = `cannot listen on ${where} (${errorCode(cause)})`;
      throw new SignalingError('BIND_FAILED', `interface ${at.name}: ${why}`, { cause });
    }
  }
}

interface BoundInterface extends SipInterface {
  readonly ports: SipPort[];
  readonly sentByOf: Map<SipPort, string>;
  sentBy: string;
}

function ownKey(host: string, port: number): string {
  return `${canonicalHost(host)} ${port}`;
}
