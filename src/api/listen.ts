/** Where the API listens: at the node's own 0600 Unix socket, and over TCP. A place that is taken is said so. */

import { chmodSync, rmSync } from 'node:fs';
import type { Api } from './api.ts';
import { describeListenError } from './http-server.ts';

export interface TcpPlace {
  readonly address: string;
  readonly port: number;
}

/** From its first moment nobody but the user we run as can open it. Throws `ApiStartError`. */
export async function listenAtSocket(api: Api, path: string): Promise<void> {
  rmSync(path, { force: true });
  const earlierMask = process.umask(0o177);
  try {
    await api.listen({ path });
  } catch (thrown) {
    throw describeListenError(thrown, path);
  } finally {
    process.umask(earlierMask);
  }
  chmodSync(path, 0o600);
}

/** Returns the port, which is another than was asked for when that was 0. Throws `ApiStartError`. */
export async function listenOverTcp(api: Api, { address, port }: TcpPlace): Promise<number> {
  try {
    await api.listen({ host: address, port });
  } catch (thrown) {
    throw describeListenError(thrown, address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  }
  const bound = api.server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}
