/** One bound UDP socket, as the softphone sees it. It sends and receives; it knows neither SIP nor RTP. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface UdpPort extends Endpoint {
  /** Hands `bytes` to the socket. What cannot be sent is lost, as on any network. */
  send(bytes: Uint8Array, target: Endpoint): void;
  /** Idempotent; afterwards nothing is received and sending does nothing. */
  close(): Promise<void>;
}

export type OnDatagram = (bytes: Buffer, source: Endpoint) => void;
export type BindUdp = (local: Endpoint, onDatagram: OnDatagram) => Promise<UdpPort>;

const MAX_PAIR_ATTEMPTS = 100;

/** Binds `port` (0 for a free one) on an IP address of this host; rejects when it is taken. */
export const bindUdp: BindUdp = async (local, onDatagram) => {
  const socket = createSocket({ type: local.address.includes(':') ? 'udp6' : 'udp4' });
  socket.bind({ address: local.address, port: local.port, exclusive: true });
  await once(socket, 'listening');
  // Errors of single datagrams, such as a port nobody listens on, end nothing.
  socket.on('error', () => undefined);
  socket.on('message', (bytes, source) => onDatagram(bytes, { address: source.address, port: source.port }));
  return wrapSocket(socket, local.address);
};

/** Binds an even port and the one after it, where RTCP goes by default (RFC 3550 §11). */
export async function bindPair(options: {
  readonly bind: BindUdp;
  readonly address: string;
  readonly onRtp: OnDatagram;
  readonly onRtcp: OnDatagram;
}): Promise<{ readonly rtp: UdpPort; readonly rtcp: UdpPort }> {
  const { bind, address, onRtp, onRtcp } = options;
  for (let attempt = 1; ; attempt += 1) {
    const rtp = await bind({ address, port: 0 }, onRtp);
    try {
      if (rtp.port % 2 === 0) return { rtp, rtcp: await bind({ address, port: rtp.port + 1 }, onRtcp) };
    } catch (thrown) {
      if (attempt >= MAX_PAIR_ATTEMPTS) throw thrown;
    }
    await rtp.close();
  }
}

function wrapSocket(socket: Socket, address: string): UdpPort {
  let isOpen = true;
  let unsent = 0;
  let onSent: () => void = () => undefined;
  return {
    address,
    port: socket.address().port,
    send(bytes, target) {
      if (!isOpen) return;
      unsent += 1;
      socket.send(bytes, target.port, target.address, () => {
        unsent -= 1;
        if (unsent === 0) onSent();
      });
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      // The socket hands datagrams over a moment later; a last BYE must not be lost with it.
      if (unsent > 0) await new Promise<void>((resolve) => (onSent = resolve));
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
