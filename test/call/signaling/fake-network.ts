/** A network in memory: ports that remember what was sent through them, and hand over what a test delivers. */

import type { OpenPort, OpenPortOptions } from '../../../src/call/signaling/datagram-port.ts';
import type { Remote } from '../../../src/call/signaling/transport/sip-port.ts';

export interface Sent {
  readonly from: Remote;
  readonly to: Remote;
  readonly bytes: Buffer;
  readonly text: string;
}

export class FakeNetwork {
  readonly #ports = new Map<string, OpenPortOptions>();
  #sent: Sent[] = [];
  #broken: string | undefined;

  readonly open: OpenPort = (options) => {
    const key = `${options.address}:${options.port}`;
    if (this.#ports.has(key)) return Promise.reject(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
    this.#ports.set(key, options);
    const local = { address: options.address, port: options.port };
    return Promise.resolve({
      transport: 'udp',
      local,
      family: options.address.includes(':') ? 6 : 4,
      send: (bytes, to) => {
        if (to.address === this.#broken) throw new Error('broken');
        const { address, port } = to;
        this.#sent.push({
          from: local,
          to: { address, port },
          bytes: Buffer.from(bytes),
          text: bytes.toString('latin1'),
        });
      },
      hasFlow: () => false,
      close: () => {
        this.#ports.delete(key);
        return Promise.resolve();
      },
    });
  };

  get openPorts(): number {
    return this.#ports.size;
  }

  /** Hands a datagram to the listener at `to`. */
  deliver(from: Remote, to: Remote, bytes: Buffer | string): void {
    const port = this.#ports.get(`${to.address}:${to.port}`);
    if (!port) throw new Error('nobody listens there');
    port.onDatagram(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, from);
  }

  /** Makes every send to that address throw, as only a bug would, until restored. */
  fail(to: Remote): { restore(): void } {
    this.#broken = to.address;
    return { restore: () => (this.#broken = undefined) };
  }

  /** What was sent since the last call, in order. */
  take(): Sent[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }
}
