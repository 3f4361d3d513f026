/** A SIP listener on node:dgram, for where the addon is not built. It resolves no names, ever. */

import { createSocket } from 'node:dgram';
import type { Socket, SocketOptions } from 'node:dgram';
import { errorCode } from '../../base/error.ts';
import { familyOf, isPort } from './open-port.ts';
import type { OpenPort, OpenPortOptions } from './open-port.ts';
import type { SipPort } from './transport/sip-port.ts';

/** Enough for a burst of a few thousand messages; the kernel may grant less, which is fine. */
const BUFFER_BYTES = 4 * 1024 * 1024;

export const openDgramPort: OpenPort = (options) => {
  const family = familyOf(options);
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
  const fail = (code: string, onFailed?: () => void): void => {
    options.onError(code);
    onFailed?.();
  };
  return {
    transport: 'udp',
    local: { address: options.address, port: socket.address().port },
    family,
    send(bytes, to, onFailed) {
      if (!open) return;
      // Node would throw; the system refuses it as any other place it cannot send to.
      if (!isPort(to.port)) process.nextTick(fail, 'EINVAL', onFailed);
      else
        socket.send(bytes, to.port, to.address, (error) => {
          if (error) fail(errorCode(error), onFailed);
        });
    },
    /** Datagrams have no connection: where one came from is an address like any other. */
    hasFlow: () => false,
    close() {
      if (!open) return Promise.resolve();
      open = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}
