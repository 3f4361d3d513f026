/** Starts one audio worker's thread, and speaks of it in four verbs, so that the pool can be tested without threads. */

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LogLevel } from '../../base/log.ts';
import type { FromAudioWorker, ToAudioWorker } from './messages.ts';

export interface AudioWorkerThread {
  post(message: ToAudioWorker): void;
  /** Ends it at once. */
  kill(): void;
}

export interface ThreadHandlers {
  onMessage(message: FromAudioWorker): void;
  /** Once, however it ended; `error` is what it died of. */
  onExit(error: unknown): void;
}

export type SpawnAudioWorker = (index: number, handlers: ThreadHandlers) => AudioWorkerThread;

/** Beyond this the thread dies of memory alone, and is replaced, rather than taking the process along. */
const MAX_HEAP_MB = 512;

/** Beside this file as it runs: `.ts` from the sources, `.js` from the build. Node 20 can start only the latter. */
const WORKER_URL = new URL(`./worker/main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

export function audioWorkerSpawner(options: { readonly logLevel: LogLevel; readonly url?: URL }): SpawnAudioWorker {
  return (index, handlers) => {
    const worker = new Worker(options.url ?? WORKER_URL, {
      name: `audio-${index}`,
      workerData: { index, logLevel: options.logLevel },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    let died: unknown;
    worker.on('message', (message: FromAudioWorker) => handlers.onMessage(message));
    worker.on('error', (error) => (died = error));
    worker.on('exit', () => handlers.onExit(died));
    return {
      post: (message) => worker.postMessage(message),
      kill: () => void worker.terminate(),
    };
  };
}
