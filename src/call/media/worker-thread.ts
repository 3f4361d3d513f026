/** Starts media workers as threads, and speaks of one in two verbs, so that the pool can be tested without threads. */

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

/** A running worker as the pool sees it. */
export interface WorkerHandle {
  post(message: ToWorker): void;
  /** Ends the thread, whatever it is doing. */
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  onMessage(message: FromWorker): void;
  /** Once, when the thread is gone, asked for or not; with what it died of, if it threw. */
  onExit(thrown: unknown): void;
}

export type StartWorker = (start: WorkerStart, events: WorkerEvents) => WorkerHandle;

/** Beside this file as it runs: `.ts` from the sources, `.js` from the build. Node 20 can start only the latter. */
const WORKER_URL = new URL(`./worker/main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** A worker past this dies alone, and is replaced, rather than taking every other call of the node along. */
const MAX_HEAP_MB = 1024;

export function threadStarter(url: URL = WORKER_URL): StartWorker {
  return (start, events) => {
    const worker = new Worker(url, {
      name: `media-${start.index}`,
      workerData: start,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    let thrown: unknown;
    worker.on('message', (message: FromWorker) => events.onMessage(message));
    // An error is followed by the exit; without a listener it would end the process.
    worker.on('error', (error) => {
      thrown = error;
    });
    worker.on('exit', () => events.onExit(thrown));
    return {
      post: (message) => worker.postMessage(message),
      terminate: async () => {
        await worker.terminate();
      },
    };
  };
}
