/** The baseline, a process of its own: what arrives for one side of a flow is sent to the other as it is. */

import type { Socket } from 'node:dgram';
import { answerParent } from '../support/answering.ts';
import type { FlowPorts, RelayQuestions } from './flows.ts';
import { openLoopbackSocket } from './loopback-socket.ts';

const sockets: Socket[] = [];

answerParent<RelayQuestions>(
  {
    carry: ({ peers }) => Promise.all(peers.map(carry)),
    cpuUs: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  },
  () => {
    for (const socket of sockets) socket.close();
  },
);

async function carry(peers: FlowPorts): Promise<FlowPorts> {
  const [caller, callee] = [await openLoopbackSocket(), await openLoopbackSocket()];
  sockets.push(caller, callee);
  caller.on('message', (bytes) => callee.send(bytes, peers.callee, '127.0.0.1'));
  callee.on('message', (bytes) => caller.send(bytes, peers.caller, '127.0.0.1'));
  return { caller: caller.address().port, callee: callee.address().port };
}
