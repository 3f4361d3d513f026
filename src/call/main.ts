/**
 * The call plane's process. Started by the supervisor; goes on without it, without governance, without a database. After
 * a death calls are silent until it is up, so what takes time (threads, the mirror, most of our code) is begun at once.
 */

import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { callRuntimeSchema, readRuntime, UNDERSTUDY_ARGUMENT } from '../config/runtime.ts';
import { MirrorClient } from '../link/mirror-client.ts';
import type { CallApp } from './app.ts';
import { cue } from './cue.ts';
import { MediaThreads } from './media/worker-thread.ts';

/** A supervisor answers in milliseconds or is not there; calls to come do not wait longer for those that were. */
const MIRROR_MS = 1500;

const threads = new MediaThreads();
const runtime = readRuntime(callRuntimeSchema);
threads.prepare(runtime.config.call.mediaWorkers);
const log = createLog({ name: 'call', level: runtime.config.log.level });
let app: CallApp | undefined;

process.on('SIGTERM', () => void stop());
// A Ctrl-C in the terminal is the supervisor's to handle: it stops the planes in order.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => {
  log.error({ error }, 'a broken promise in the call plane; calls go on');
});
process.on('unhandledRejection', (error) => {
  log.error({ error }, 'an unheard rejection in the call plane; calls go on');
});

try {
  const loading = import('./app.ts');
  if (process.argv.includes(UNDERSTUDY_ARGUMENT)) await standBy(loading);
  const life = Buffer.from(systemRandom(8)).toString('hex');
  const mirror = new MirrorClient({ socketPath: runtime.mirrorSocket, life, clock: systemClock, log });
  const fetching = mirror.fetch(MIRROR_MS);
  const { CallApp } = await loading;
  const left = await fetching;
  app = new CallApp({ runtime, life, log, mirror, threads, left, onStop: () => void stop() });
  await app.start();
} catch (error) {
  log.error({ error, reason: error instanceof Error ? error.message : '' }, 'the call plane cannot start');
  process.exit(1);
}

/** Until the one that runs is gone. */
async function standBy(loading: Promise<unknown>): Promise<void> {
  await loading;
  if (!(await cue(process.stdin))) process.exit(0);
}

async function stop(): Promise<void> {
  await app?.stop();
  process.exit(0);
}
