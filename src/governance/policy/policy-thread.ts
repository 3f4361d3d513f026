/**
 * A worker thread as the pool sees it: post, listen, read its CPU time, end it. It holds no policy of its own,
 * and what a library in there may print goes nowhere: it could quote a call.
 */

import { Worker } from 'node:worker_threads';
import type { FromPolicyWorker, ToPolicyWorker } from './messages.ts';
import { threadCpuUs } from '../../base/thread-cpu.ts';

export interface PolicyThread {
  post(message: ToPolicyWorker): void;
  /** CPU time it has used, in microseconds; undefined when that cannot be known. */
  cpuUs(): number | undefined;
  /** Ends it wherever it is; resolves when it is gone. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  onMessage(message: FromPolicyWorker): void;
  /** It is gone, for whatever reason. */
  onExit(): void;
}

export type StartThread = (events: ThreadEvents) => PolicyThread;

/** JavaScript heap of a worker. Modules have memory of their own, limited apart from this. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** Starts `worker/main`, from source or from the build, whichever this file is. */
export const startPolicyThread: StartThread = (events) => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./worker/main.${extension}`, import.meta.url), {
    name: 'earshot-policy',
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: RESOURCE_LIMITS,
  });
  let id: number | undefined;
  worker.stdout.resume();
  worker.stderr.resume();
  worker.on('message', (message: FromPolicyWorker) => {
    if (message.kind === 'ready') id = message.thread;
    events.onMessage(message);
  });
  // An error ends the thread: what there is to do is done when it has gone.
  worker.on('error', () => undefined);
  worker.once('exit', () => events.onExit());
  return {
    post: (message) => worker.postMessage(message),
    cpuUs: () => (id === undefined ? undefined : threadCpuUs(id)),
    terminate: async () => {
      await worker.terminate();
    },
  };
};
