/**
 * The reader process: the only one that holds root-read, started when something is to be opened or a key to be made, and
 * gone a minute after the last of it.
 */

import { errorCode } from '../base/error.ts';
import { createLog } from '../base/log.ts';
import { readerRuntimeSchema, readRuntime } from '../config/runtime.ts';
import { ReaderApp } from './app.ts';

const runtime = readRuntime(readerRuntimeSchema);
const log = createLog({ name: 'reader', level: runtime.config.log.level });

process.on('SIGTERM', () => void stop());
// A Ctrl-C in the terminal is the supervisor's to handle.
process.on('SIGINT', () => undefined);
// A bug here must not go on opening: the supervisor starts a fresh process when one is wanted.
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

const app = build();
try {
  await app.start();
} catch (error) {
  die(error);
}

function build(): ReaderApp {
  try {
    return new ReaderApp({ runtime, log, onIdle: () => void stop() });
  } catch (error) {
    return die(error);
  }
}

function die(error: unknown): never {
  log.error({ error, code: errorCode(error) }, 'the reader cannot go on');
  process.exit(1);
}

async function stop(): Promise<void> {
  await app.stop();
  process.exit(0);
}
