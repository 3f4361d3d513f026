/** Ours, a process of its own: the real pool with one media worker thread, from the build, as the call plane runs it. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { newId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { PacketPortKind } from '../../../src/call/media/messages.ts';
import type { MediaPool, MediaPoolHandlers } from '../../../src/call/media/pool.ts';
import type { MediaPair, SideState, SrtpKey } from '../../../src/call/media/session-state.ts';
import { callerBranch, calleeBranch, session } from '../../call/media/worker/states.ts';
import { answerParent } from '../support/answering.ts';
import { importBuilt } from '../support/built.ts';
import { runAsCallPlane } from './as-call-plane.ts';
import { SUITES, type Carried, type Flow, type Peer, type RelayQuestions, type Side } from './flows.ts';

const INTERFACE = 'loopback';
/** Below the ports the system gives out by itself, and each kind its own, since all run at the same time. */
const FIRST_PORT: Readonly<Record<PacketPortKind, number>> = { io_uring: 22_000, mmsg: 24_000, dgram: 26_000 };
const PORTS = 2000;
const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
let pool: MediaPool | undefined;

const scheduling = runAsCallPlane();
answerParent<RelayQuestions>(
  {
    scheduling: () => scheduling,
    carry: async ({ flows, packetPort }) => {
      if (!packetPort) throw new Error('a kind of port must be named');
      const started = await startPool(2 * flows.length, packetPort);
      pool = started;
      return flows.map((flow) => carry(started, flow));
    },
    cpuUs: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  },
  async () => {
    await pool?.stop();
    rmSync(folder, { recursive: true, force: true });
  },
);

async function startPool(readyPairs: number, packetPort: PacketPortKind): Promise<MediaPool> {
  const { MediaPool: BuiltPool } = await importBuilt('call/media/pool');
  const { threadStarter } = await importBuilt('call/media/worker-thread');
  const startThread = threadStarter();
  const address = { bindAddress: '127.0.0.1', advertisedAddress: '127.0.0.1', family: 4 } as const;
  const portMin = FIRST_PORT[packetPort];
  const got: (PacketPortKind | undefined)[] = [];
  const built = new BuiltPool({
    workers: 1,
    interfaces: [{ name: INTERFACE, ...address, portMin, portMax: portMin + PORTS - 1 }],
    readyPairs,
    tapFolder: join(folder, 'taps'),
    clock: systemClock,
    log: silentLog,
    logLevel: 'silent',
    handlers: deaf,
    startWorker: (start, events) =>
      startThread(
        { ...start, packetPort },
        {
          onExit: (thrown) => events.onExit(thrown),
          onMessage: (message) => {
            if (message.kind === 'ready') got.push(message.packetPort);
            events.onMessage(message);
          },
        },
      ),
  });
  await built.start();
  if (got[0] !== packetPort) throw new Error(`the system gave ${got[0] ?? 'nothing'} for ${packetPort}`);
  return built;
}

const deaf: MediaPoolHandlers = {
  onTapOpened: () => undefined,
  onTapRefused: () => undefined,
  onTapEnded: () => undefined,
  onTapSockets: () => undefined,
  onStreamStarted: () => undefined,
  onSessionStats: () => undefined,
  onActivity: () => undefined,
  onWorkerDown: () => {
    throw new Error('the media worker died');
  },
};

/** A call with SRTP on both sides, each with keys of its own. */
function carry(pairs: MediaPool, flow: Flow): Carried {
  const [callerPair, calleePair] = [pairs.takePair(INTERFACE), pairs.takePair(INTERFACE)];
  if (!callerPair || !calleePair) throw new Error('no media port is ready');
  const keys = { caller: makeKey('caller'), callee: makeKey('callee') };
  const state = session({
    caller: sideOf(callerPair, keys.caller, callerBranch(peerOf(flow.caller))),
    callee: sideOf(calleePair, keys.callee, calleeBranch(peerOf(flow.callee))),
  });
  pairs.apply({ ...state, call: newId('call') });
  return {
    caller: { port: callerPair.rtpPort, hears: keys.caller },
    callee: { port: calleePair.rtpPort, hears: keys.callee },
  };
}

function makeKey(side: Side): SrtpKey {
  return { suite: SUITES[side], keySalt: randomBytes(30).toString('base64') };
}

function sideOf(pair: MediaPair, sendKey: SrtpKey, branch: SideState['branches'][number]): Partial<SideState> {
  return { pair, sendKey, branches: [branch] };
}

function peerOf({ port, sends }: Peer) {
  const at = { address: '127.0.0.1', port };
  return { remoteRtp: at, remoteRtcp: at, rtcpMux: true, receiveKey: sends };
}
