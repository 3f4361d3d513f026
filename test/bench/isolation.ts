/**
 * Whether anything the AI side does can be felt in a call: 100 SRTP calls with both streams tapped, seven conditions,
 * each three times, and the same calls without it before each. What the ten-fold load does where the scheduler is not
 * asked for help is measured on a node of its own.
 */

import { Callers, type LiveCall } from './isolation/callers.ts';
import { CONDITIONS, type Condition } from './isolation/conditions.ts';
import { BenchNode, RELAY_PORTS } from './isolation/node.ts';
import { Wire, type WireReport } from './isolation/wire.ts';
import type { Bench, BenchResult, Figures } from './support/bench.ts';
import { median, rounded, sum } from './support/statistics.ts';

const CALLS = 100;
const ROUNDS = 3;
const BASELINE_MS = 4000;
const NEW_CALLS = 5;

interface Measure extends WireReport {
  /** Calls set up and ended meanwhile. */
  readonly newCallsOk: number;
}

interface Measured {
  readonly baselines: readonly Measure[];
  readonly conditions: ReadonlyMap<string, readonly Measure[]>;
}

export const bench: Bench = {
  says: `delay and loss of ${CALLS} SRTP calls while the AI side is loaded, frozen, killed and cut off (6 minutes)`,
  limitMs: 15 * 60_000,
  async run(signal) {
    const scheduled = await measureNode({ scheduling: true, conditions: CONDITIONS, signal });
    const tenfold = CONDITIONS.filter(({ name }) => name === 'ai_load_x10');
    const unscheduled = await measureNode({ scheduling: false, conditions: tenfold, signal });
    return resultOf(scheduled, unscheduled);
  },
};

async function measureNode(options: {
  readonly scheduling: boolean;
  readonly conditions: readonly Condition[];
  readonly signal: AbortSignal;
}): Promise<Measured> {
  const wire = Wire.start(RELAY_PORTS.first, RELAY_PORTS.last);
  const node = await BenchNode.start({ scheduling: options.scheduling, calls: CALLS });
  const { sipPort: nodePort, calleePort } = node;
  const callers = await Callers.open({ nodePort, calleePort });
  try {
    return await measureAll({ node, callers, wire, ...options });
  } finally {
    callers.close();
    await Promise.all([wire.stop(), node.stop()]);
  }
}

interface Rig {
  readonly node: BenchNode;
  readonly callers: Callers;
  readonly wire: Wire;
  readonly conditions: readonly Condition[];
  readonly signal: AbortSignal;
}

async function measureAll({ conditions, signal, ...rig }: Rig): Promise<Measured> {
  const baselines: Measure[] = [];
  const measured = new Map<string, Measure[]>(conditions.map(({ name }) => [name, []]));
  // One round to warm up: what is compiled on the way must not count for either.
  await underLoad(rig, 1, () => measure(rig, BASELINE_MS));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const condition of round % 2 === 0 ? conditions : conditions.toReversed()) {
      signal.throwIfAborted();
      const runs = measured.get(condition.name);
      if (condition.load === 1) {
        await underLoad(rig, 1, async () => {
          baselines.push(await measure(rig, BASELINE_MS));
          runs?.push(await under(rig, condition));
        });
      } else {
        await underLoad(rig, 1, async () => baselines.push(await measure(rig, BASELINE_MS)));
        await underLoad(rig, condition.load, async () => runs?.push(await under(rig, condition)));
      }
    }
  }
  return { baselines, conditions: measured };
}

/** Has all calls up and heard by as much AI as asked for while `task` runs. */
async function underLoad(
  { node, callers, wire }: Omit<Rig, 'conditions' | 'signal'>,
  load: Condition['load'],
  task: () => Promise<unknown>,
): Promise<void> {
  await node.until('the AI can hear', ({ planes }) => planes.governance.ready);
  const calls: LiveCall[] = [];
  try {
    for (let count = 0; count < CALLS; count += 1) calls.push(await callers.call(`+${load}000`));
    wire.carry(calls.flatMap(({ flows }) => flows));
    await wire.run(2000);
    await task();
  } finally {
    await Promise.all(calls.map((call) => call.hangUp().catch(() => undefined)));
  }
}

async function under(rig: Omit<Rig, 'conditions' | 'signal'>, condition: Condition): Promise<Measure> {
  const end = await condition.begin(rig.node);
  try {
    return await measure(rig, condition.runMs);
  } finally {
    await end();
  }
}

async function measure({ callers, wire }: Omit<Rig, 'conditions' | 'signal'>, ms: number): Promise<Measure> {
  const running = wire.run(ms);
  let newCallsOk = 0;
  for (let count = 0; count < NEW_CALLS; count += 1) {
    const isOk = await callers.call('+1000').then(
      (call) => call.hangUp().then(() => true),
      () => false,
    );
    if (isOk) newCallsOk += 1;
  }
  const report = await running;
  if (report.uncaptured > 0) throw new Error(`the capture itself missed ${report.uncaptured} packets`);
  return { ...report, newCallsOk };
}

function resultOf(scheduled: Measured, unscheduled: Measured): BenchResult {
  const baseline = middle(scheduled.baselines);
  const conditions = [...scheduled.conditions].map(([name, runs]) => compared(name, runs, baseline));
  const unscheduledBaseline = middle(unscheduled.baselines);
  const without = [...unscheduled.conditions].map(([name, runs]) => compared(name, runs, unscheduledBaseline));
  const p99s = scheduled.baselines.map(({ p99_ms }) => p99_ms);
  const worstRatio = Math.max(...conditions.map(({ p99_ratio }) => p99_ratio));
  return {
    bench: 'isolation',
    calls: CALLS,
    baseline: {
      ...baseline,
      spread: rounded((Math.max(...p99s) - Math.min(...p99s)) / baseline.p99_ms),
      runs: p99s.length,
    },
    conditions,
    unscheduled: { baseline: unscheduledBaseline, conditions: without },
    worst_p99_ratio: worstRatio,
    worst_p99_delta_ms: Math.max(...conditions.map(({ p99_delta_ms }) => p99_delta_ms)),
    lost_total: sum(conditions.map(({ lost }) => lost)),
    ratio: worstRatio,
  };
}

interface Delays extends Figures {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
}

/** The median run, figure by figure. */
function middle(runs: readonly Measure[]): Delays {
  return {
    p50_ms: rounded(median(runs.map(({ p50_ms }) => p50_ms))),
    p99_ms: rounded(median(runs.map(({ p99_ms }) => p99_ms))),
    p999_ms: rounded(median(runs.map(({ p999_ms }) => p999_ms))),
  };
}

function compared(name: string, runs: readonly Measure[], baseline: Delays) {
  const delays = middle(runs);
  return {
    name,
    ...delays,
    lost: sum(runs.map(({ lost }) => lost)),
    new_calls_ok: runs.every(({ newCallsOk }) => newCallsOk === NEW_CALLS),
    p99_ratio: rounded(delays.p99_ms / baseline.p99_ms),
    p99_delta_ms: rounded(delays.p99_ms - baseline.p99_ms),
    packets: sum(runs.map((run) => run.in)),
  };
}
