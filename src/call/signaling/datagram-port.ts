/** A bound UDP socket as a port, so that tests can put a fake in its place. It resolves no names, ever. */

import { createSocket } from 'node:dgram';
import type { Socket, SocketOptions } from 'node:dgram';
import { errorCode } from '../../base/error.ts';
import type { Remote, SipPort } from './transport/sip-port.ts';

export type { Remote } from './transport/sip-port.ts';

export interface OpenPortOptions {
  readonly address: string;
  readonly port: number;
  readonly onDatagram: (bytes: Buffer, from: Remote) => void;
  /** A content-free code such as `ENETUNREACH`. */
  readonly onError: (code: string) => void;
}

export type OpenPort = (options: OpenPortOptions) => Promise<SipPort>;

/** Enough for a burst of a few thousand messages; the kernel may grant less, which is fine. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/** Binds a UDP socket, or rejects with the system's error. */
export const openUdpPort: OpenPort = (options) => {
  const family = options.address.includes(':') ? 6 : 4;
  const settings: SocketOptions = {
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
    // Only literals come here: answering at once keeps a send in the turn it was decided in.
    lookup: (host, _options, callback) => callback(null, host, family),
  };
  const socket = createSocket(settings);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      socket.on('error', (error) => options.onError(errorCode(error)));
      socket.on('message', (bytes, from) => options.onDatagram(bytes, { address: from.address, port: from.port }));
      resolve(wrap(socket, family, options));
    });
  });
};

function wrap(socket: Socket, family: 4 | 6, options: OpenPortOptions): SipPort {
  let open = true;
  return {
    transport: 'udp',
    local: { address: options.address, port: socket.address().port },
    family,
    send(bytes, to, onFailed) {
      if (!open) return;
      socket.send(bytes, to.port, to.address, (error) => {
        if (!error) return;
        options.onError(errorCode(error));
        onFailed?.();
      });
    },
    /** Datagrams have no connection: where one came from is an address like any other. */
    hasFlow: () => false,
    close() {
      open = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}
