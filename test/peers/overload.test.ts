/**
 * More new calls than a node takes: those above the rate, or above the number of calls, are refused with 503 and told when
 * to come again, while calls in progress are held, changed and ended from both sides without one request lost.
 */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import * as flows from './flows/call-flows.ts';
import { floodingCaller, STEADY_REQUESTS, steadyCallee, steadyCaller } from './flows/overload-flows.ts';
import { headerOf, type TracedMessage } from './flows/trace.ts';
import { requirePeer } from './require-peer.ts';
import { Sipp, type SippOptions } from './sipp.ts';
import { WholeNode } from './whole-node.ts';

const LIMIT_MS = 30_000;
const STEADY_CALLS = 15;
const CAP = { newCallsPerSecond: 40, newCallBurst: 20, maxCalls: 75 };
const NUMBERS = { steady: '+491', flooding: '+492' };
const FOR_EVER = 1_000_000;

const program = requirePeer('sipp');

let ports = { steady: 0, flooding: 0 };
let node: WholeNode;
const started: { stop(): Promise<void> }[] = [];
const running: Sipp[] = [];

beforeAll(async () => {
  if (program === undefined) return;
  ports = { steady: await freeUdpPort(), flooding: await freeUdpPort() };
  const media = { caller: 'rtp', callee: 'rtp' } as const;
  node = await WholeNode.startWith({
    tenants: [
      { id: 'steady', number: NUMBERS.steady, next: [`sip:127.0.0.1:${ports.steady}`], media },
      { id: 'flooding', number: NUMBERS.flooding, next: [`sip:127.0.0.1:${ports.flooding}`], media },
    ],
    call: { ...CAP, reservePairs: 512 },
  });
  started.push(node);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((run) => run.stop()));
});

afterAll(async () => {
  for (const each of started) await each.stop();
});

test.skipIf(program === undefined)(
  'a flood of new calls is refused above the rate, and no request of a call in progress fails',
  async () => {
    const callee = await start({ scenario: { xml: steadyCallee }, port: ports.steady, calls: STEADY_CALLS });
    const caller = await start(await calling('steady', steadyCaller, { calls: STEADY_CALLS, callsPerSecond: 100 }));
    await until('the calls are there', async () => (await node.metric('earshot_calls')) === STEADY_CALLS);
    await start({ scenario: { xml: flows.basic.callee }, port: ports.flooding, calls: FOR_EVER });
    // Longer than the calls that it finds there.
    const load = { calls: 800, callsPerSecond: 200 };
    const flood = await start(await calling('flooding', floodingCaller(100), load));

    const codes = await Promise.all([flood, caller, callee].map((run) => run.finished(LIMIT_MS)));
    const complaints = [flood, caller, callee].map((run) => run.complaints()).join('');
    expect(codes, complaints).toEqual([0, 0, 0]);
    expect(flood.outcome()).toEqual({ succeeded: load.calls, surprises: {} });
    for (const run of [caller, callee]) expect(run.outcome()).toEqual({ succeeded: STEADY_CALLS, surprises: {} });
    await nothingIsLeft();
    const refused = refusals(flood);
    const taken = load.calls - refused.length;
    const seconds = load.calls / load.callsPerSecond;
    // What the bucket held at the beginning, and what it earned until the last one came: some ms late, it may be more.
    expect(taken).toBeGreaterThanOrEqual(CAP.newCallsPerSecond * seconds * 0.5);
    expect(taken).toBeLessThanOrEqual(CAP.newCallBurst + CAP.newCallsPerSecond * (seconds + 1));
    expect(STEADY_CALLS * STEADY_REQUESTS).toBe(requestsInDialog(caller) + requestsInDialog(callee));
    expect(await node.metric('earshot_sip_refused_total', { status: '503' })).toBe(refused.length);
    expect(await node.metric('earshot_sip_refused_total', { reason: 'call_rate' })).toBe(refused.length);
  },
);

test.skipIf(program === undefined)(
  'calls beyond the number that the node takes are refused, and those below it talk on',
  async () => {
    const before = await node.metric('earshot_sip_refused_total', { status: '503' });
    await start({ scenario: { xml: flows.basic.callee }, port: ports.flooding, calls: FOR_EVER });
    // Never faster than they are let in, and none ends before all have come.
    const load = { calls: 72, callsPerSecond: 36 };
    const holdMs = (load.calls / load.callsPerSecond) * 1000;
    const flood = await start(await calling('flooding', floodingCaller(holdMs), load));

    const code = await flood.finished(LIMIT_MS);

    expect(code, flood.complaints()).toBe(0);
    expect(flood.outcome()).toEqual({ succeeded: load.calls, surprises: {} });
    await nothingIsLeft();
    const refused = refusals(flood);
    // The last fifth of all calls is kept for another tenant's.
    expect(refused).toHaveLength(load.calls - CAP.maxCalls * 0.8);
    expect((await node.metric('earshot_sip_refused_total', { status: '503' })) - before).toBe(refused.length);
    expect(await node.metric('earshot_sip_refused_total', { status: '503', reason: 'tenant_share' })).toBe(
      refused.length,
    );
  },
);

async function calling(
  tenant: keyof typeof NUMBERS,
  xml: string,
  { calls, callsPerSecond }: { readonly calls: number; readonly callsPerSecond: number },
): Promise<Omit<SippOptions, 'program'>> {
  const to = { port: node.sipPort, callsPerSecond, user: `${NUMBERS[tenant]}55` };
  return { scenario: { xml }, port: await freeUdpPort(), calls, calling: to };
}

async function start(options: Omit<SippOptions, 'program'>): Promise<Sipp> {
  const run = await Sipp.start({ ...options, program: program!, traced: true });
  running.push(run);
  return run;
}

/** The 503s a caller got, each with a time to come again. */
function refusals(run: Sipp): TracedMessage[] {
  const messages = [...run.trace().values()].flat();
  const refused = messages.filter(({ startLine }) => startLine.startsWith('SIP/2.0 503 '));
  for (const message of refused) {
    expect(headerOf(message, 'retry-after')).toMatch(/^[2-6]$/);
    expect(headerOf(message, 'cseq')).toBe('1 INVITE');
    // A new call, and no other: its dialog never began.
    expect(message.direction).toBe('received');
  }
  return refused;
}

function requestsInDialog(run: Sipp): number {
  const messages = [...run.trace().values()].flat();
  const sent = messages.filter(({ direction, startLine }) => direction === 'sent' && !startLine.startsWith('SIP/'));
  return sent.filter((message) => headerOf(message, 'to').includes(';tag=')).length;
}

async function nothingIsLeft(): Promise<void> {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  for (const what of ['failures', 'dropped', 'events']) {
    expect([what, await node.metric(`earshot_sip_${what}_total`)]).toEqual([what, 0]);
  }
}
