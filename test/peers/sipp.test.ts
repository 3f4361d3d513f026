/** sipp on both sides of a whole node: with scenarios of its own, and with calls that are held and resumed. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { requirePeer } from './require-peer.ts';
import { Sipp, type SippOptions } from './sipp.ts';
import { WholeNode } from './whole-node.ts';

const LIMIT_MS = 30_000;
const NO_SURPRISES = {};

const program = requirePeer('sipp');

let calleePort: number;
let node: WholeNode;
let runs: Sipp[] = [];

beforeAll(async () => {
  if (program === undefined) return;
  calleePort = await freeUdpPort();
  node = await WholeNode.start(calleePort, { caller: 'rtp', callee: 'rtp' });
});

afterEach(async () => {
  await Promise.all(runs.map((run) => run.stop()));
  runs = [];
});

afterAll(async () => {
  if (program !== undefined) await node.stop();
});

test.skipIf(program === undefined)(
  'the scenarios that sipp brings along make a hundred calls a second, and not one message is sent twice',
  async () => {
    const calls = 300;
    const before = await counters();
    const callee = await start({ scenario: 'uas', port: calleePort, calls });
    const calling = { port: node.sipPort, callsPerSecond: 100 };
    const caller = await start({ scenario: 'uac', port: await freeUdpPort(), calls, calling });

    const codes = await Promise.all([caller.finished(LIMIT_MS), callee.finished(LIMIT_MS)]);
    await nothingIsLeft();

    expect(codes).toEqual([0, 0]);
    expect(caller.outcome()).toEqual({ succeeded: calls, surprises: NO_SURPRISES });
    expect(callee.outcome()).toEqual({ succeeded: calls, surprises: NO_SURPRISES });
    // INVITE, ACK and BYE; 180 and 200 of the INVITE, 200 of the BYE; one offer and one answer.
    expect(await since(before)).toEqual({ requests: calls * 3, responses: calls * 3, anchored: calls * 2, faults: 0 });
  },
);

test.skipIf(program === undefined)(
  'calls at forty a second, held and resumed, all succeed and leave nothing',
  async () => {
    const calls = 120;
    const before = await counters();
    await start({ scenario: 'sipp-callee.xml', port: calleePort, calls: calls + 1 });
    const calling = { port: node.sipPort, callsPerSecond: 40 };
    const caller = await start({ scenario: 'sipp-caller.xml', port: await freeUdpPort(), calls, calling });

    const code = await caller.finished(LIMIT_MS);
    await nothingIsLeft();

    expect(code).toBe(0);
    expect(caller.outcome()).toEqual({ succeeded: calls, surprises: NO_SURPRISES });
    // Three INVITEs with their ACKs, and a BYE; 180 and three 200, and that of the BYE; three offers and answers.
    expect(await since(before)).toEqual({ requests: calls * 7, responses: calls * 5, anchored: calls * 6, faults: 0 });
  },
);

async function start(options: Omit<SippOptions, 'program'>): Promise<Sipp> {
  const run = await Sipp.start({ ...options, program: program! });
  runs.push(run);
  return run;
}

async function nothingIsLeft(): Promise<void> {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
}

/** What the call plane itself counted. */
async function counters(): Promise<Record<'requests' | 'responses' | 'anchored' | 'faults', number>> {
  const faults = ['refused', 'failures', 'dropped', 'events', 'socket_errors'].map((what) =>
    node.metric(`earshot_sip_${what}_total`),
  );
  return {
    requests: await node.metric('earshot_sip_received_total', { kind: 'request' }),
    responses: await node.metric('earshot_sip_received_total', { kind: 'response' }),
    anchored: await node.metric('earshot_anchor_total', { result: 'edit' }),
    faults: (await Promise.all(faults)).reduce((sum, count) => sum + count, 0),
  };
}

async function since(before: Awaited<ReturnType<typeof counters>>): Promise<Awaited<ReturnType<typeof counters>>> {
  const now = await counters();
  return {
    requests: now.requests - before.requests,
    responses: now.responses - before.responses,
    anchored: now.anchored - before.anchored,
    faults: now.faults - before.faults,
  };
}
