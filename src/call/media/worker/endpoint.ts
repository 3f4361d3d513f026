/** Addresses as media compares them: canonical literals. A name, or an address nobody can be reached at, is no endpoint. */

import { isIP, SocketAddress } from 'node:net';
import type { Endpoint } from '../session-state.ts';

/** `endpoint` with its address in the form the kernel reports; unchanged when it is no address literal. */
export function canonicalEndpoint(endpoint: Endpoint): Endpoint {
  if (isIP(endpoint.address) !== 6) return endpoint;
  const { address } = new SocketAddress({ address: endpoint.address, family: 'ipv6' });
  return { address, port: endpoint.port };
}

/** Whether packets may be sent there: a unicast literal and a port. Never 0.0.0.0 (hold), port 0 (refused) or a group. */
export function isSendable({ address, port }: Endpoint): boolean {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return false;
  switch (isIP(address)) {
    case 4: {
      const first = Number(address.slice(0, address.indexOf('.')));
      return first !== 0 && first < 224;
    }
    case 6:
      return address !== '::' && !address.toLowerCase().startsWith('ff') && !address.includes('.');
    default:
      return false;
  }
}

export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}
