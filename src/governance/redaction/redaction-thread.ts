/** A worker thread seen from the host: requests go in, replies come out, and it may end at any moment. */

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { wipe } from '../../base/bytes.ts';
import type { RedactionReply, RedactionRequest } from './messages.ts';

export interface RedactionThread {
  post(request: RedactionRequest): void;
  /** Delivers replies that have arrived but wait behind this turn of the event loop. */
  deliverArrived(): void;
  /** Ends it whatever it is doing; no reply is delivered after this. */
  terminate(): void;
}

export interface ThreadHandlers {
  onReply(reply: RedactionReply): void;
  /** It ended by itself. */
  onExit(): void;
}

export type StartThread = (handlers: ThreadHandlers) => RedactionThread;

/** Heap of one worker; beyond it the thread dies alone and is started anew. */
const MAX_HEAP_MB = 256;

/** Starts the worker built beside this file, or the one at `entry`. It gets no environment and no standard streams of ours. */
export function startRedactionThread(handlers: ThreadHandlers, entry: URL = workerEntry()): RedactionThread {
  const { port1: ours, port2: theirs } = new MessageChannel();
  const worker = new Worker(entry, {
    name: 'earshot-redaction',
    workerData: theirs,
    transferList: [theirs],
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  worker.stdout.resume();
  worker.stderr.resume();
  let isOver = false;
  const onReply = (reply: RedactionReply): void => {
    if (!isOver) handlers.onReply(reply);
  };
  ours.on('message', onReply);
  // What it threw may quote speech; that it ended is all that is passed on.
  worker.on('error', () => undefined);
  worker.on('exit', () => {
    ours.close();
    if (!isOver) handlers.onExit();
    isOver = true;
  });
  return {
    post(request) {
      ours.postMessage(request);
      // The worker has its own copy of the key, and the host's is of no more use.
      if (request.kind === 'open' && request.linkKey !== undefined) wipe(request.linkKey.key);
    },
    deliverArrived() {
      for (let received = receive(); received; received = receive()) onReply(received.message);
    },
    terminate() {
      isOver = true;
      ours.close();
      void worker.terminate();
    },
  };

  function receive(): { message: RedactionReply } | undefined {
    return receiveMessageOnPort(ours);
  }
}

/** The worker's file has this file's extension: `.js` in the build. */
function workerEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker/main.ts' : './worker/main.js', import.meta.url);
}
