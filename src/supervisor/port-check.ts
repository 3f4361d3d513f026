/** Says which configured port is taken, with its key, before any process is started that could only die of it. */

import { createSocket } from 'node:dgram';
import { CodedError, errorCode } from '../base/error.ts';
import type { NodeConfig } from '../config/node-config.ts';

const ANY_PORT = 0;

export class PortError extends CodedError<'PORT_IN_USE' | 'PORT_REFUSED'> {}

/** Binds and releases every SIP port, and one port of every media address. Throws at the first that is refused. */
export async function checkSipPorts(config: NodeConfig, origin: string): Promise<void> {
  for (const [index, { sip, media }] of config.interfaces.entries()) {
    const sipCode = await tryBind(sip.address, sip.port);
    if (sipCode !== undefined) {
      throw portError(`${origin}: interfaces[${index}].sip`, `${sip.address}:${sip.port}/udp`, sipCode);
    }
    const mediaCode = await tryBind(media.bind, ANY_PORT);
    if (mediaCode !== undefined) throw portError(`${origin}: interfaces[${index}].media.bind`, media.bind, mediaCode);
  }
}

/** The error for a listener that could not be bound, in one line naming key and place. */
export function portError(key: string, place: string, code: string): PortError {
  if (code === 'EADDRINUSE') return new PortError('PORT_IN_USE', `${key}: ${place} is already in use`);
  if (code === 'EADDRNOTAVAIL') return new PortError('PORT_REFUSED', `${key}: ${place} is no address of this machine`);
  return new PortError('PORT_REFUSED', `${key}: ${place} cannot be listened on (${code})`);
}

function tryBind(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
    socket.once('error', (error) => {
      socket.close();
      resolve(errorCode(error));
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}
