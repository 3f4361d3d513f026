/** Which kind of UDP socket a SIP listener gets: the addon's in batches where it is built, else node:dgram's. */

import { loadDatagrams } from '../../native/datagram-socket.ts';
import { openDgramPort } from './dgram-port.ts';
import { openNativePort } from './native-datagrams.ts';
import type { OpenPort } from './open-port.ts';

export type { OpenPort, OpenPortOptions } from './open-port.ts';
export type { Remote } from './transport/sip-port.ts';

/** Binds a UDP socket, or rejects with the system's error. */
export const openUdpPort: OpenPort = (options) => {
  const addon = loadDatagrams();
  if (addon.kind === 'absent') return openDgramPort(options);
  try {
    return Promise.resolve(openNativePort(addon.exports, options));
  } catch {
    // What the addon cannot have, such as an address with a zone, node:dgram may; else its refusal is the one to tell.
    return openDgramPort(options);
  }
};
