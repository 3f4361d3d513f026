/** The call plane's process. Started by the supervisor; goes on without it, without governance, without a database. */

import { createLog } from '../base/log.ts';
import { callRuntimeSchema, readRuntime } from '../config/runtime.ts';
import { CallApp } from './app.ts';

const runtime = readRuntime(callRuntimeSchema);
const log = createLog({ name: 'call', level: runtime.config.log.level });
const app = new CallApp({ runtime, log, onStop: () => void stop() });

process.on('SIGTERM', () => void stop());
// A Ctrl-C in the terminal is the supervisor's to handle: it stops the planes in order.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => {
  log.error({ error }, 'a broken promise in the call plane; calls go on');
});
process.on('unhandledRejection', (error) => {
  log.error({ error }, 'an unheard rejection in the call plane; calls go on');
});

// Timers of ours hold no process, and while a supervisor that is not there is asked for its mirror nothing else does:
// Node would end us in the middle of our start.
const holding = setInterval(() => undefined, 1000);
try {
  await app.start();
  clearInterval(holding);
} catch (error) {
  log.error({ error, reason: error instanceof Error ? error.message : '' }, 'the call plane cannot start');
  process.exit(1);
}

async function stop(): Promise<void> {
  await app.stop();
  process.exit(0);
}
