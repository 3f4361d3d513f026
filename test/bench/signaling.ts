/**
 * CPU of a call's signaling: our call plane on a signaling-only tenant and on an anchored one against Kamailio, the same
 * sipp scenario in turns. A call is INVITE, 180, 200, ACK, BYE and 200, with SDP and Record-Route.
 */

import { fileURLToPath } from 'node:url';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { Sipp } from '../peers/sipp.ts';
import { startCallPlane, startKamailio, type ProxyProcess } from './signaling/proxies.ts';
import type { Bench, BenchResult } from './support/bench.ts';
import { median, rounded, sum } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const ROUNDS = 3;
const CALLS = 1500;
const CALLS_PER_SECOND = 200;
/** Code that is new to the machine is compiled while it runs: it is measured as it runs all day. */
const WARM_UP = { calls: 3000, callsPerSecond: 150 };
const LIMIT_MS = 60_000;

interface Load {
  readonly calls: number;
  readonly callsPerSecond: number;
}

const MEASURED: Load = { calls: CALLS, callsPerSecond: CALLS_PER_SECOND };

interface Measure {
  readonly cpuUsPerCall: number;
  readonly succeeded: number;
}

export const bench: Bench = {
  limitMs: 240_000,
  says: 'CPU of a call’s signaling, passed by and anchored, against Kamailio with t_relay and Record-Route',
  async run(signal) {
    const [sipp, kamailio] = [requirePeer('sipp'), requirePeer('kamailio')];
    if (sipp === undefined || kamailio === undefined) throw new Error('the benchmark needs sipp and kamailio');
    const calleePort = await freeUdpPort();
    const started: ProxyProcess[] = [];
    const callee = await Sipp.start({
      program: sipp,
      scenario: scenario('callee'),
      port: calleePort,
      calls: 1_000_000,
    });
    try {
      for (const start of [
        () => startCallPlane('signaling-only', calleePort),
        () => startCallPlane('anchored', calleePort),
        () => startKamailio(kamailio, calleePort),
      ]) {
        started.push(await start());
      }
      const [passing, anchored, peer] = started as [ProxyProcess, ProxyProcess, ProxyProcess];
      for (const proxy of [passing, anchored, peer]) await callThrough(sipp, proxy, WARM_UP);
      const measures = await inTurns(
        { rounds: ROUNDS, signal },
        {
          passing: () => callThrough(sipp, passing),
          anchored: () => callThrough(sipp, anchored),
          peer: () => callThrough(sipp, peer),
        },
      );
      return resultOf(measures);
    } finally {
      await Promise.all([callee.stop(), ...started.map((each) => each.stop())]);
    }
  },
};

async function callThrough(program: string, proxy: ProxyProcess, load: Load = MEASURED): Promise<Measure> {
  const before = proxy.cpuUs();
  const { calls, callsPerSecond } = load;
  const calling = { port: proxy.port, callsPerSecond };
  const port = await freeUdpPort();
  const run = await Sipp.start({ program, scenario: scenario('caller'), port, calls, calling });
  try {
    await run.finished(LIMIT_MS);
    return { cpuUsPerCall: (proxy.cpuUs() - before) / calls, succeeded: run.outcome().succeeded };
  } finally {
    await run.stop();
  }
}

function resultOf(measures: Record<'passing' | 'anchored' | 'peer', readonly Measure[]>): BenchResult {
  const usPerCall = (of: readonly Measure[]): number => rounded(median(of.map(({ cpuUsPerCall }) => cpuUsPerCall)));
  const all = Object.values(measures).flat();
  const passing = usPerCall(measures.passing);
  const peer = usPerCall(measures.peer);
  return {
    bench: 'signaling',
    baseline: 'Kamailio 5.6 with t_relay and Record-Route, one child, the same calls in the same run',
    us_per_call: passing,
    anchored_us_per_call: usPerCall(measures.anchored),
    peer: 'kamailio',
    peer_us_per_call: peer,
    ratio: rounded(passing / peer),
    calls: all.length * CALLS,
    failed: all.length * CALLS - sum(all.map(({ succeeded }) => succeeded)),
    calls_per_second: CALLS_PER_SECOND,
  };
}

function scenario(name: 'caller' | 'callee'): `${string}.xml` {
  return fileURLToPath(new URL(`signaling/${name}.xml`, import.meta.url)) as `${string}.xml`;
}
