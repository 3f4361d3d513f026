/** The shell of a media worker thread: real clock, ports and tap socket around `MediaWorker`. Nothing is decided here. */

import { parentPort } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/ids.ts';
import { createLog } from '../../../base/log.ts';
import { Metrics } from '../../../base/metrics.ts';
import { serveUnixSocket } from '../../../link/unix-socket.ts';
import type { MediaDrop } from '../drop.ts';
import type { FromWorker, ToWorker, WorkerStart } from '../messages.ts';
import { loadAddon } from '../../../native/addon.ts';
import { createDtls, type DtlsExports } from '../../../native/dtls.ts';
import { nativeTransforms, type SrtpExports } from '../../../native/srtp-transforms.ts';
import { choosePort } from './choose-port.ts';
import { MediaWorker } from './media-worker.ts';

assert(parentPort, 'a media worker is started as a thread');
const port = parentPort;
// The thread is there before its work is: the first message says what it is to do, and those after it wait until it can.
const early: ToWorker[] = [];
let obey = (message: ToWorker): void => void early.push(message);
const start = await new Promise<WorkerStart>((resolve) => {
  port.once('message', (first: WorkerStart) => {
    port.on('message', (message: ToWorker) => obey(message));
    resolve(first);
  });
});

const log = createLog({ name: `media-${start.index}`, level: start.logLevel });
const metrics = new Metrics();
let countDrop: (reason: MediaDrop) => void = () => undefined;

const { bindAddress, family } = start.interfaces[0] ?? { bindAddress: '127.0.0.1', family: 4 };
const packetPort = await choosePort({
  wanted: start.packetPort ?? 'auto',
  address: bindAddress,
  family,
  clock: systemClock,
  countDrop: (reason) => countDrop(reason),
});
metrics.gauge('earshot_media_packet_port', { port: packetPort.kind }).set(1);
log.info({ port: packetPort.kind, refused: packetPort.refused }, 'media ports are of this kind');

const addon = loadAddon<SrtpExports & DtlsExports>();
metrics.gauge('earshot_media_native').set(addon.kind === 'loaded' ? 1 : 0);

const worker = new MediaWorker({
  start,
  clock: systemClock,
  random: systemRandom,
  log,
  metrics,
  openPort: packetPort.openPort,
  createTransform: addon.kind === 'loaded' ? nativeTransforms(addon.exports) : undefined,
  createDtls: addon.kind === 'loaded' ? createDtls(addon.exports) : undefined,
  post: (message: FromWorker) => port.postMessage(message),
});
countDrop = (reason) => worker.countDrop(reason);

const tapServer = await serveUnixSocket(start.tapSocket, (socket) => worker.taps.attach(socket));
await worker.start();
obey = (message) => {
  worker.handle(message);
  if (message.kind !== 'stop') return;
  packetPort.stop();
  tapServer.close();
  port.close();
};
for (const message of early) obey(message);
port.postMessage({ kind: 'ready', packetPort: packetPort.kind } satisfies FromWorker);
