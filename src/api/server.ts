/**
 * Starts the API of this node: at its own Unix socket, where whoever runs it may silence without a token, and over TCP,
 * where nothing but health is answered without one. It asks nothing of the database to start.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Administration } from '../governance/use-cases/administration.ts';
import { buildApi } from './build-api.ts';
import { readTlsKeys } from './http-server.ts';
import { listenAtSocket, listenOverTcp, type TcpPlace } from './listen.ts';
import type { ApiHealth } from './routes/system-routes.ts';

export interface ApiOptions {
  readonly socketPath: string;
  /** An address that is not a loopback one takes `tls`; the configuration has been checked for that. */
  readonly http: TcpPlace;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly administration: Administration;
  readonly health: () => ApiHealth;
  readonly log: Log;
  readonly clock: Clock;
}

export interface RunningApi {
  readonly port: number;
  /** Ends every request that is being answered. */
  stop(): Promise<void>;
}

/** Throws `ApiStartError` when a place is taken or a PEM file is not one, and then listens nowhere. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { socketPath, http, administration, health, log, clock } = options;
  const tls = options.tls === undefined ? undefined : readTlsKeys(options.tls);
  const shared = { administration, health, log, clock };
  const local = await buildApi({ ...shared, isLocal: true });
  const remote = await buildApi({ ...shared, isLocal: false, tls });
  const stop = async (): Promise<void> => {
    await Promise.all([local.api.close(), remote.api.close()]);
  };
  try {
    await listenAtSocket(local.api, socketPath);
    return { port: await listenOverTcp(remote.api, http), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
