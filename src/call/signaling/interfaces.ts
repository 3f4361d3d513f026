/** The node's SIP interfaces: their listeners, the address each gives itself in Via and Record-Route, and what is ours. */

import { assert } from '../../base/assert.ts';
import { CodedError, errorCode } from '../../base/error.ts';
import { hostPort } from '../../protocol/sip/edits.ts';
import { canonicalHost, readIpAddress } from '../../protocol/sip/ip-address.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import { DEFAULT_PORT } from '../../protocol/sip/via.ts';
import type { DatagramPort, OpenPort, Remote } from './datagram-port.ts';

export interface InterfaceOptions {
  readonly name: string;
  readonly listeners: readonly { readonly address: string; readonly port: number }[];
  /** Host others reach this interface by: an IP literal or a name. */
  readonly advertisedHost: string;
  /** Port others reach it by; the first listener's when left out. */
  readonly advertisedPort?: number | undefined;
}

/** Where a datagram came in and from whom. */
export interface Arrival {
  readonly at: SipInterface;
  readonly port: DatagramPort;
  readonly source: Remote;
}

export class SignalingError extends CodedError<'BIND_FAILED'> {}

/** An interface whose listeners are bound. */
export interface SipInterface {
  readonly name: string;
  readonly index: number;
  readonly ports: readonly DatagramPort[];
  /** `host:port` as Via and Record-Route say it. */
  readonly sentBy: string;
}

export interface InterfaceHandlers {
  readonly onDatagram: (bytes: Buffer, arrival: Arrival) => void;
  readonly onError: (interfaceName: string, code: string) => void;
}

/** The branch has one base-36 digit for the interface. */
const MAX_INTERFACES = 36;

export class Interfaces {
  readonly names: readonly string[];
  readonly #options: readonly InterfaceOptions[];
  readonly #open: OpenPort;
  readonly #own = new Set<string>();
  #bound: SipInterface[] = [];

  constructor(options: readonly InterfaceOptions[], open: OpenPort) {
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
  isOurs(host: string, port: number | undefined): boolean {
    return this.#own.has(ownKey(host, port ?? DEFAULT_PORT));
  }

  async #bind(index: number, options: InterfaceOptions, handlers: InterfaceHandlers): Promise<void> {
    const ports: DatagramPort[] = [];
    // Not yet complete, but already on the list, so that a failure half way closes what is open.
    const bound = { name: options.name, index, ports, sentBy: '' };
    this.#bound.push(bound);
    for (const listener of options.listeners) ports.push(await this.#bindListener(bound, listener, handlers));
    const port = options.advertisedPort ?? ports[0]?.local.port ?? DEFAULT_PORT;
    bound.sentBy = hostPort(options.advertisedHost, port);
    this.#own.add(ownKey(options.advertisedHost, port));
    for (const { local } of ports) this.#own.add(ownKey(local.address, local.port));
  }

  async #bindListener(
    at: SipInterface,
    listener: InterfaceOptions['listeners'][number],
    handlers: InterfaceHandlers,
  ): Promise<DatagramPort> {
    let port: DatagramPort | undefined;
    try {
      port = await this.#open({
        ...listener,
        onDatagram: (bytes, source) => {
          if (port) handlers.onDatagram(bytes, { at, port, source });
        },
        onError: (code) => handlers.onError(at.name, code),
      });
      return port;
    } catch (cause) {
      const where = hostPort(listener.address, listener.port);
      throw new SignalingError(
        'BIND_FAILED',
        `interface ${at.name}: cannot listen on udp ${where} (${errorCode(cause)})`,
        {
          cause,
        },
      );
    }
  }
}

export interface Reached {
  readonly port: DatagramPort;
  readonly target: Remote;
}

/** The first address that one of the interface's listeners can send to, by family. */
export function reach(at: SipInterface, hop: HopTarget, addresses: readonly string[]): Reached | undefined {
  for (const address of addresses) {
    const family = readIpAddress(address)?.length === 16 ? 6 : 4;
    const port = at.ports.find((candidate) => candidate.family === family);
    if (port) return { port, target: { address, port: hop.port ?? DEFAULT_PORT } };
  }
  return undefined;
}

function ownKey(host: string, port: number): string {
  return `${canonicalHost(host)} ${port}`;
}
