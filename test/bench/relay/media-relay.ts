/** Ours, a process of its own: the real pool with one media worker thread, from the build, as the call plane runs it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { newId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { MediaPool, MediaPoolHandlers } from '../../../src/call/media/pool.ts';
import type { MediaPair, SideState, SrtpKey } from '../../../src/call/media/session-state.ts';
import { callerBranch, calleeBranch, session } from '../../call/media/worker/states.ts';
import { answerParent } from '../support/answering.ts';
import { importBuilt } from '../support/built.ts';
import type { Flow, FlowPorts, RelayQuestions } from './flows.ts';

const INTERFACE = 'loopback';
/** Below the ports the system gives out by itself. */
const PORTS = { portMin: 22_000, portMax: 23_999 } as const;
const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
let pool: MediaPool | undefined;

answerParent<RelayQuestions>(
  {
    carry: async ({ flows, peers }) => {
      const started = await startPool(2 * flows.length);
      pool = started;
      return flows.map((flow, at) => carry(started, flow, peers[at]!));
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

async function startPool(readyPairs: number): Promise<MediaPool> {
  const { MediaPool: BuiltPool } = await importBuilt('call/media/pool');
  const address = { bindAddress: '127.0.0.1', advertisedAddress: '127.0.0.1', family: 4 } as const;
  const built = new BuiltPool({
    workers: 1,
    interfaces: [{ name: INTERFACE, ...address, ...PORTS }],
    readyPairs,
    tapFolder: join(folder, 'taps'),
    clock: systemClock,
    log: silentLog,
    logLevel: 'silent',
    handlers: deaf,
  });
  await built.start();
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
function carry(pairs: MediaPool, flow: Flow, peers: FlowPorts): FlowPorts {
  const [callerPair, calleePair] = [pairs.takePair(INTERFACE), pairs.takePair(INTERFACE)];
  if (!callerPair || !calleePair) throw new Error('no media port is ready');
  const state = session({
    caller: sideOf(callerPair, flow.caller.hears, callerBranch(peerOf(flow.caller.sends, peers.caller))),
    callee: sideOf(calleePair, flow.callee.hears, calleeBranch(peerOf(flow.callee.sends, peers.callee))),
  });
  pairs.apply({ ...state, call: newId('call') });
  return { caller: callerPair.rtpPort, callee: calleePair.rtpPort };
}

function sideOf(pair: MediaPair, sends: string, branch: SideState['branches'][number]): Partial<SideState> {
  return { pair, sendKey: keyOf(sends), branches: [branch] };
}

function peerOf(receives: string, port: number) {
  const at = { address: '127.0.0.1', port };
  return { remoteRtp: at, remoteRtcp: at, rtcpMux: true, receiveKey: keyOf(receives) };
}

function keyOf(keySalt: string): SrtpKey {
  return { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt };
}
