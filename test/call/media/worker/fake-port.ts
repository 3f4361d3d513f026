/** UDP ports in memory: what is queued is kept, what arrives is delivered at once. */

import type { Endpoint } from '../../../../src/call/media/session-state.ts';
import type { BatchReceiver, OpenPort, PacketPort, PortPlace } from '../../../../src/call/media/worker/packet-port.ts';

export class FakePort implements PacketPort {
  readonly localPort: number;
  receiver: BatchReceiver | undefined;
  readonly sent: { bytes: Buffer; to: Endpoint }[] = [];
  isClosed = false;
  isFull = false;
  readonly #queued: { bytes: Buffer; to: Endpoint }[] = [];

  constructor(localPort: number) {
    this.localPort = localPort;
  }

  queue(bytes: Buffer, to: Endpoint): boolean {
    if (this.isFull) return false;
    this.#queued.push({ bytes, to });
    return true;
  }

  flush(): void {
    this.sent.push(...this.#queued.splice(0));
  }

  close(): void {
    this.isClosed = true;
  }

  /** Delivers one datagram, as its own copy. */
  receive(bytes: Buffer, from: Endpoint, arrivalUs = 1000): void {
    this.receiver?.onBatch([{ bytes: Buffer.from(bytes), address: from.address, port: from.port, arrivalUs }]);
  }

  /** What was sent since the last call. */
  take(): { bytes: Buffer; to: Endpoint }[] {
    return this.sent.splice(0);
  }
}

/** Opens fake ports; those in `busy` are somebody else's. */
export class FakePorts {
  readonly opened = new Map<number, FakePort>();
  readonly busy = new Set<number>();

  readonly open: OpenPort = ({ port }: PortPlace) => {
    if (this.busy.has(port)) return Promise.reject(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
    const fake = new FakePort(port);
    this.opened.set(port, fake);
    return Promise.resolve(fake);
  };

  at(port: number): FakePort {
    const fake = this.opened.get(port);
    if (!fake) throw new Error(`port ${port} was never opened`);
    return fake;
  }
}
