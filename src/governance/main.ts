/** The governance process. It may crash, hang or be upgraded at any moment: calls do not notice, taps lapse. */

import { createLog } from '../base/log.ts';
import { governanceRuntimeSchema, readRuntime } from '../config/runtime.ts';
import { GovernanceApp } from './app.ts';

const runtime = readRuntime(governanceRuntimeSchema);
const log = createLog({ name: 'governance', level: runtime.config.log.level });
const app = new GovernanceApp({ runtime, log, onStop: () => void stop() });

process.on('SIGTERM', () => void stop());
// A Ctrl-C in the terminal is the supervisor's to handle: it stops the planes in order.
process.on('SIGINT', () => undefined);
// A bug here must not go on deciding: the supervisor starts a fresh process, and calls do not notice.
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

try {
  await app.start();
} catch (error) {
  die(error);
}

function die(error: unknown): never {
  log.error({ error }, 'a broken promise in governance; a new process takes over');
  process.exit(1);
}

async function stop(): Promise<void> {
  await app.stop();
  process.exit(0);
}
