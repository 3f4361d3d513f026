/**
 * A policy worker: says which thread it is, then answers messages one after the other until it is terminated.
 * It opens no file of ours, no socket and no database; the modules it runs are handed to it as bytes.
 */

import { readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import { systemClock } from '../../../base/clock.ts';
import type { FromPolicyWorker, ToPolicyWorker } from '../messages.ts';
import { Evaluator } from './evaluator.ts';

assert(parentPort !== null, 'a policy worker is started by its pool');
const port = parentPort;
const evaluator = new Evaluator(systemClock);

port.on('message', (message: ToPolicyWorker) => {
  const reply = evaluator.handle(message);
  if (reply !== undefined) tell(reply);
});
tell({ kind: 'ready', thread: ownThread() });

function tell(message: FromPolicyWorker): void {
  port.postMessage(message);
}

/** The kernel's id of this thread (proc(5), thread-self), by which the main thread reads its CPU time. */
function ownThread(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return undefined;
  }
}
