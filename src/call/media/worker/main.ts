/** The shell of a media worker thread: real clock, ports and tap socket around `MediaWorker`. Nothing is decided here. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/ids.ts';
import { createLog } from '../../../base/log.ts';
import { Metrics } from '../../../base/metrics.ts';
import { serveUnixSocket } from '../../../link/unix-socket.ts';
import type { FromWorker, ToWorker, WorkerStart } from '../messages.ts';
import { MediaWorker } from './media-worker.ts';
import { openDgramPort } from './packet-port.ts';

assert(parentPort, 'a media worker is started as a thread');
const port = parentPort;
const start = workerData as WorkerStart;

const worker: MediaWorker = new MediaWorker({
  start,
  clock: systemClock,
  random: systemRandom,
  log: createLog({ name: `media-${start.index}`, level: start.logLevel }),
  metrics: new Metrics(),
  openPort: openDgramPort(systemClock, (reason) => worker.countDrop(reason)),
  post: (message: FromWorker) => port.postMessage(message),
});

const tapServer = await serveUnixSocket(start.tapSocket, (socket) => worker.taps.attach(socket));
await worker.start();
port.on('message', (message: ToWorker) => {
  worker.handle(message);
  if (message.kind !== 'stop') return;
  tapServer.close();
  port.close();
});
port.postMessage({ kind: 'ready' } satisfies FromWorker);
