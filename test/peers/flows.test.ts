/**
 * Every way that offers and answers travel, as sipp plays it on both sides of a whole node: on an anchored tenant and on
 * one whose media passes by, at once. What either side sent is compared with what the other got, message by message.
 *
 * `EARSHOT_FLOW_SECONDS` runs each for that long at 200 calls a second, one tenant after the other. No call may fail then
 * either; that nothing was sent twice is asked of the short runs alone, for it is the machine's merit as well.
 */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import * as flows from './flows/call-flows.ts';
import type { CallFlow } from './flows/call-flows.ts';
import { FlowRun, type Callers, type FlowOutcome } from './flows/flow-run.ts';
import { requirePeer } from './require-peer.ts';
import { Sipp } from './sipp.ts';
import { WholeNode } from './whole-node.ts';

const program = requirePeer('sipp');

const longSeconds = Number(process.env['EARSHOT_FLOW_SECONDS'] ?? 0);
const isLong = longSeconds > 0;
const load = isLong ? { callsPerSecond: 200, seconds: longSeconds } : { callsPerSecond: 50, seconds: 1.6 };
const calls = load.callsPerSecond * load.seconds;
const limitMs = load.seconds * 1000 + 20_000;
const options = { timeout: 2 * limitMs + 20_000 };

/** Room for two pairs a call, which rest for two seconds after it. */
const MEDIA = { from: 20_000, to: 25_999 };
const NUMBERS = { 'signaling-only': '+491', anchored: '+492', refused: '+493', silent: '+494' } as const;
const MODES = ['signaling-only', 'anchored'] as const;
const PLAIN = { caller: 'rtp', callee: 'rtp' } as const;
/** Every other call is refused by the first callee. */
const IN_TURNS = ['refuse', 'answer'];

let [calleePort, firstPort, deadPort] = [0, 0, 0];
let node: WholeNode;
const started: { stop(): Promise<void> }[] = [];
const running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  if (program === undefined) return;
  [calleePort, firstPort, deadPort] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
  const [callee, first, dead] = [calleePort, firstPort, deadPort].map((port) => `sip:127.0.0.1:${port}`) as [
    string,
    string,
    string,
  ];
  node = await WholeNode.startWith({
    tenants: [
      { id: 'passed', number: NUMBERS['signaling-only'], next: [callee], media: { ...PLAIN, mode: 'signaling-only' } },
      { id: 'anchored', number: NUMBERS.anchored, next: [callee], media: PLAIN },
      { id: 'refused', number: NUMBERS.refused, next: [first, callee], media: PLAIN },
      { id: 'silent', number: NUMBERS.silent, next: [dead, callee], media: { ...PLAIN, mode: 'signaling-only' } },
    ],
    call: { reservePairs: 512, hopPatienceMs: isLong ? 2000 : 500, maxCalls: 20_000 },
    mediaPorts: MEDIA,
  });
  started.push(node);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((run) => run.stop()));
});

afterAll(async () => {
  for (const each of started) await each.stop();
});

test
  .skipIf(program === undefined)
  .each([flows.basic, flows.prack, flows.offerInProvisional, flows.update, flows.lateOffer])(
  'every $name call is carried, byte for byte where its media passes by and but for its place where it is anchored',
  options,
  async (flow) => {
    const rounds = isLong ? MODES.map((mode) => [mode]) : [MODES];
    for (const modes of rounds) {
      const before = await counted();
      const run = await start(
        flow,
        modes.map((mode) => ({ user: `${NUMBERS[mode]}55`, ...load, calls })),
      );
      const outcome = await run.finished(limitMs);
      report(`${flow.name}, ${modes.join(' and ')}`, outcome);
      const all = calls * modes.length;
      expectSuccess(outcome, [...modes.map(() => calls), all]);
      await nothingIsLeft();
      modes.forEach((mode, caller) => expectCarried(run, caller, mode));
      const anchored = modes.includes('anchored') ? calls * flow.descriptions : 0;
      const { requests, responses } = flow;
      const expected = { requests: all * requests, responses: all * responses, anchored, faults: 0, events: 0 };
      if (!isLong) expect(await since(before)).toEqual(expected);
    }
  },
);

test.skipIf(program === undefined)(
  'every call that the first next hop refuses with 503 is taken by the second, and nobody above hears of it',
  options,
  async () => {
    const before = await counted();
    const toFirst = calls / 2;
    const first = { scenario: { xml: flows.refuser }, port: firstPort, calls, traced: true };
    const refuser = await Sipp.start({ ...first, program: program! });
    running.push(refuser);
    const run = await start(
      flows.failover,
      [{ user: `${NUMBERS.refused}55`, ...load, calls, fields: IN_TURNS }],
      toFirst,
    );
    const outcome = await run.finished(limitMs);
    await refuser.finished(limitMs);
    report('failover on 503', outcome);
    expectSuccess(outcome, [calls, toFirst]);
    expect(refuser.outcome().succeeded).toBe(calls);
    await nothingIsLeft();
    expectCarried(run, 0, 'anchored', toFirst);
    // The 503 of those that were refused came as well.
    const { requests, responses, descriptions } = flows.failover;
    if (isLong) return;
    expect(await since(before)).toEqual({
      requests: calls * requests,
      responses: calls * responses + toFirst,
      anchored: calls * descriptions,
      faults: 0,
      events: toFirst,
    });
  },
);

test.skipIf(program === undefined)(
  'every call is taken by the second next hop while the first is dead, and only those of half a second wait for it',
  options,
  async () => {
    const before = await counted();
    const run = await start(flows.basic, [{ user: `${NUMBERS.silent}55`, ...load, calls }]);
    const outcome = await run.finished(limitMs);
    report('failover from a dead hop', outcome);
    expectSuccess(outcome, [calls, calls]);
    await nothingIsLeft();
    expectCarried(run, 0, 'signaling-only');
    const { events, ...others } = await since(before);
    const { requests, responses } = flows.basic;
    expect(events).toBeGreaterThan(0);
    if (isLong) return;
    expect(others).toEqual({ requests: calls * requests, responses: calls * responses, anchored: 0, faults: 0 });
    expect(events).toBeLessThan(calls);
  },
);

async function start(flow: CallFlow, callers: readonly Callers[], answered?: number): Promise<FlowRun> {
  const run = await FlowRun.start(program!, flow, {
    nodePort: node.sipPort,
    calleePort,
    callers,
    ...(answered === undefined ? {} : { answered }),
  });
  running.push(run);
  return run;
}

function expectSuccess(outcome: FlowOutcome, succeeded: readonly number[]): void {
  expect(outcome, outcome.complaints).toMatchObject({ codes: succeeded.map(() => 0), succeeded });
  if (!isLong) expect(outcome.surprises, outcome.complaints).toEqual([]);
}

/** As far as it was written down, which is all of it in a short run. */
function expectCarried(run: FlowRun, caller: number, mode: (typeof MODES)[number], all = calls): void {
  const { compared, flaws } = run.compare(caller, { mode, media: MEDIA, mayRepeat: isLong });

  expect(flaws.slice(0, 5)).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(isLong ? Math.min(all, 500) : all);
}

async function nothingIsLeft(): Promise<void> {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  expect(await node.metric('earshot_media_sessions')).toBe(0);
}

function report(what: string, { seconds, succeeded, surprises }: FlowOutcome): void {
  if (!isLong) return;
  const found = JSON.stringify(surprises);
  process.stdout.write(
    `${what}: ${succeeded.at(0)} of ${calls} calls in ${seconds.toFixed(1)} s, surprises ${found}\n`,
  );
}

/** What the call plane itself counted. */
async function counted(): Promise<Record<'requests' | 'responses' | 'anchored' | 'faults' | 'events', number>> {
  const faults = ['refused', 'failures', 'dropped', 'socket_errors'].map((what) =>
    node.metric(`earshot_sip_${what}_total`),
  );
  return {
    requests: await node.metric('earshot_sip_received_total', { kind: 'request' }),
    responses: await node.metric('earshot_sip_received_total', { kind: 'response' }),
    anchored: await node.metric('earshot_anchor_total', { result: 'edit' }),
    events: await node.metric('earshot_sip_events_total'),
    faults: (await Promise.all(faults)).reduce((sum, count) => sum + count, 0),
  };
}

async function since(before: Awaited<ReturnType<typeof counted>>): Promise<Awaited<ReturnType<typeof counted>>> {
  const now = await counted();
  const names = ['requests', 'responses', 'anchored', 'faults', 'events'] as const;
  const grown = names.map((name): [string, number] => [name, now[name] - before[name]]);
  return Object.fromEntries(grown) as Awaited<ReturnType<typeof counted>>;
}
