/** The shell of an audio worker's thread: it wires the worker to its port and does nothing else. */

import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { assert } from '../../../base/assert.ts';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/ids.ts';
import { createLog } from '../../../base/log.ts';
import { voskProtocol } from '../../../processors/vosk.ts';
import type { ToAudioWorker } from '../messages.ts';
import { loadResampler } from '../resampler.ts';
import { tapConnector } from '../tap-reader.ts';
import { AudioWorker } from './audio-worker.ts';

const settings = z
  .strictObject({ index: z.int(), logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']) })
  .parse(workerData);
const port = parentPort;
assert(port, 'an audio worker was started without a parent');
const log = createLog({ name: `audio-${settings.index}`, level: settings.logLevel });

const worker = new AudioWorker({
  clock: systemClock,
  random: systemRandom,
  createResampler: await loadResampler(),
  protocols: { vosk: voskProtocol(systemClock) },
  connectTap: tapConnector(systemClock),
  post: (message) => {
    port.postMessage(message);
    if (message.kind === 'stopped') port.close();
  },
});
port.on('message', (message: ToAudioWorker) => {
  worker.handle(message);
});
worker.start();
log.debug({}, 'audio worker is ready');
