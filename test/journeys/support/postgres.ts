/** A real Postgres in a folder of its own for one test file; `stop` ends it and removes the folder. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../src/base/log.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/supervisor/embedded-postgres.ts';

export interface TestPostgres {
  readonly stateDir: string;
  readonly connections: EmbeddedPostgres['connections'];
  /** Stops the server and keeps its data; `resume` starts it again on the same socket. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const stateDir = await mkdtemp(join(tmpdir(), 'earshot-pg-'));
  const start = () => startEmbeddedPostgres({ stateDir, log: silentLog });
  let server = await start();
  return {
    stateDir,
    connections: server.connections,
    pause: () => server.stop(),
    resume: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
