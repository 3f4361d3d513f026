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

/**
 * Threads for media workers. One that stands ready has its code loaded and waits for its work, so that a death, of a
 * worker or of the process, costs the calls a few ms instead of some hundred.
 */
export class MediaThreads {
  readonly #url: URL;
  readonly #ready = new Set<Worker>();

  constructor(url: URL = WORKER_URL) {
    this.#url = url;
  }

  /** From soon on so many stand ready. */
  prepare(count: number): void {
    while (this.#ready.size < count) {
      const worker = this.#create();
      const forget = (): void => void this.#ready.delete(worker);
      // Without a listener an error would end the process; whoever is started instead will say what is wrong.
      worker.once('error', forget);
      worker.once('exit', forget);
      this.#ready.add(worker);
    }
  }

  readonly start: StartWorker = (start, events) => {
    const worker = this.#takeReady() ?? this.#create();
    let thrown: unknown;
    worker.on('message', (message: FromWorker) => events.onMessage(message));
    // An error is followed by the exit; without a listener it would end the process.
    worker.on('error', (error) => {
      thrown = error;
    });
    worker.on('exit', () => events.onExit(thrown));
    worker.postMessage(start);
    return {
      post: (message) => worker.postMessage(message),
      terminate: async () => {
        await worker.terminate();
      },
    };
  };

  #takeReady(): Worker | undefined {
    const [worker] = this.#ready;
    if (worker) this.#ready.delete(worker);
    return worker;
  }

  #create(): Worker {
    return new Worker(this.#url, { name: 'media', resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  }
}

/** Threads that are made when they are needed. */
export function threadStarter(url: URL = WORKER_URL): StartWorker {
  return new MediaThreads(url).start;
}
