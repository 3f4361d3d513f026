/** A processor far away: takes audio on the vosk protocol, says nothing was said, and is given CPU only when it is spare. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerParent } from '../support/answering.ts';
import type { RecogniserQuestions } from './recogniser-questions.ts';

// A real one would have a machine of its own; what it costs here is not the node's.
spawnSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)]);

let bytes = 0;
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, maxPayload: 1 << 20 });
server.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (message: Buffer, isBinary) => {
    if (isBinary) bytes += message.length;
    socket.send(isBinary ? '{"partial":""}' : '{"text":""}');
  });
});
await once(server, 'listening');

answerParent<RecogniserQuestions>(
  {
    url: () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    pid: () => process.pid,
  },
  () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  },
);
