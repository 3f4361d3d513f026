/** Says which configured port is taken, with its key, before any process is started that could only die of it. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { CodedError, errorCode } from '../base/error.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { checkSipFiles } from '../config/sip-files.ts';

const ANY_PORT = 0;

export class PortError extends CodedError<'PORT_IN_USE' | 'PORT_REFUSED'> {}

/**
 * Reads every listener's PEM files, binds and releases every SIP port, and one port of every media address. Throws at
 * the first that is refused.
 */
export async function checkSipPorts(config: NodeConfig, origin: string): Promise<void> {
  checkSipFiles(config.interfaces, origin);
  for (const [index, { sip, media }] of config.interfaces.entries()) {
    for (const [order, { transport, address, port }] of sip.entries()) {
      const code = await (transport === 'udp' ? tryBind(address, port) : tryListen(address, port));
      const key = `interfaces[${index}].sip${sip.length === 1 ? '' : `[${order}]`}`;
      if (code !== undefined) throw portError(`${origin}: ${key}`, `${address}:${port}/${protocolOf(transport)}`, code);
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

function protocolOf(transport: string): 'udp' | 'tcp' {
  return transport === 'udp' ? 'udp' : 'tcp';
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

function tryListen(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error)));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
