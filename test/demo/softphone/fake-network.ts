/** A network in memory: datagrams arrive in order a moment later, unless the test loses them. Every one is remembered. */

import type { BindUdp, Endpoint, OnDatagram } from '../../../src/demo/softphone/udp-port.ts';

export interface Datagram {
  readonly source: Endpoint;
  readonly target: Endpoint;
  readonly bytes: Buffer;
  readonly isLost: boolean;
}

export class FakeNetwork {
  readonly datagrams: Datagram[] = [];
  /** Which datagrams never arrive. */
  lose: (datagram: Omit<Datagram, 'isLost'>) => boolean = () => false;
  readonly #bound = new Map<string, OnDatagram>();
  #nextPort = 40_000;
  #underway = 0;

  /** Stands in for `bindUdp`. */
  readonly bind: BindUdp = (local, onDatagram) => {
    const port = local.port === 0 ? this.#freePort(local.address) : local.port;
    const own = { address: local.address, port };
    if (this.#bound.has(nameOf(own))) return Promise.reject(new Error('EADDRINUSE'));
    this.#bound.set(nameOf(own), onDatagram);
    return Promise.resolve({
      ...own,
      send: (bytes: Uint8Array, target: Endpoint) => this.#bound.has(nameOf(own)) && this.deliver(own, target, bytes),
      close: () => {
        this.#bound.delete(nameOf(own));
        return Promise.resolve();
      },
    });
  };

  /** Puts a datagram on the wire, whoever claims to have sent it. */
  deliver(source: Endpoint, target: Endpoint, bytes: Uint8Array): void {
    const datagram = { source: { ...source }, target: { ...target }, bytes: Buffer.from(bytes) };
    const isLost = this.lose(datagram);
    this.datagrams.push({ ...datagram, isLost });
    if (isLost) return;
    this.#underway += 1;
    setImmediate(() => {
      this.#underway -= 1;
      this.#bound.get(nameOf(target))?.(Buffer.from(datagram.bytes), datagram.source);
    });
  }

  get openPorts(): number {
    return this.#bound.size;
  }

  /** Resolves when nothing is under way and nobody reacts to what came any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet = this.#underway === 0 ? quiet + 1 : 0) await new Promise(setImmediate);
  }

  /** First lines of the SIP messages so far, in order. */
  get sip(): string[] {
    return this.datagrams.map(({ bytes }) => bytes.toString('latin1').split('\r\n')[0] ?? '').filter(isSip);
  }

  #freePort(address: string): number {
    while (this.#bound.has(nameOf({ address, port: this.#nextPort }))) this.#nextPort += 1;
    return this.#nextPort++;
  }
}

function isSip(line: string): boolean {
  return line.startsWith('SIP/2.0 ') || line.endsWith(' SIP/2.0');
}

function nameOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
