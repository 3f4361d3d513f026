/** Kamailio forks below a whole node to two sipp callees: one answers, none does, both do. Every branch is anchored. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { bothAnswer, callerGivesUp, oneAnswers, type ForkFlow } from './flows/fork-flows.ts';
import { headerOf, type TracedMessage } from './flows/trace.ts';
import { Kamailio } from './kamailio.ts';
import { requirePeer } from './require-peer.ts';
import { Sipp, type SippOptions } from './sipp.ts';
import { NODE_MEDIA, WholeNode } from './whole-node.ts';

const CALLS = 40;
const CALLS_PER_SECOND = 40;
const LIMIT_MS = 30_000;

const sipp = requirePeer('sipp');
const kamailio = requirePeer('kamailio');
const isMissing = sipp === undefined || kamailio === undefined;

interface Runs {
  readonly caller: Sipp;
  readonly first: Sipp;
  readonly second: Sipp;
}

let below: Kamailio;
let node: WholeNode;
let ports = { first: 0, second: 0 };
let uri = '';
/** Everything that runs, in the order it was started. */
const started: { stop(): Promise<void> }[] = [];
const running: Sipp[] = [];

beforeAll(async () => {
  if (isMissing) return;
  ports = { first: await freeUdpPort(), second: await freeUdpPort() };
  // Kamailio lets the second port ring as well.
  uri = `sip:agent@127.0.0.1:${ports.first};also=${ports.second}`;
  below = await Kamailio.start({ program: kamailio, port: await freeUdpPort() });
  started.push(below);
  node = await WholeNode.startWith({
    tenants: [{ id: 'forked', next: [`sip:127.0.0.1:${below.port}`], media: { caller: 'rtp', callee: 'rtp' } }],
    call: { reservePairs: 512 },
  });
  started.push(node);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((run) => run.stop()));
});

afterAll(async () => {
  for (const each of started.reverse()) await each.stop();
});

test.skipIf(isMissing)('of two that ring with early media one answers and the other is cancelled', async () => {
  const runs = await call(oneAnswers(uri));

  await allSucceeded(runs);
  await nothingIsLeft();
  for (const messages of runs.caller.trace().values()) {
    const [early, answered] = [descriptionsIn(messages, '183'), descriptionsIn(messages, '200')];
    expect(early.map(({ by }) => by).sort()).toEqual(['first', 'second']);
    expect(early.every(isOurs)).toBe(true);
    // The same description has the same place, early and confirmed.
    expect(answered).toEqual(early.filter(({ by }) => by === 'first'));
  }
  expect(offersAt(runs.first)).toEqual(offersAt(runs.second));
});

test.skipIf(isMissing)('a caller that gives up while two ring leaves neither of them ringing', async () => {
  const runs = await call(callerGivesUp(uri));

  await allSucceeded(runs);
  await nothingIsLeft();
});

test.skipIf(isMissing)(
  'of two that both answer each is a call of its own, and the end of one is not that of the other',
  async () => {
    const runs = await call(bothAnswer(uri));

    expect(await runs.second.finished(LIMIT_MS)).toBe(0);
    // Every dialog with a second is over: a node that took the one for the other would have no call left, or no media.
    await until('the calls with the first live on', async () => {
      const living = [await node.metric('earshot_calls'), await node.metric('earshot_media_sessions')];
      return living.join() === [CALLS, CALLS].join();
    });
    await allSucceeded(runs);
    await nothingIsLeft();

    for (const messages of runs.caller.trace().values()) {
      const answered = descriptionsIn(messages, '200');
      expect(answered.map(({ by }) => by)).toEqual(['first', 'second']);
      expect(answered.every(isOurs)).toBe(true);
    }
  },
);

async function call({ caller, first, second }: ForkFlow): Promise<Runs> {
  const calling = { port: node.sipPort, callsPerSecond: CALLS_PER_SECOND };
  return {
    first: await start({ scenario: { xml: first }, port: ports.first }),
    second: await start({ scenario: { xml: second }, port: ports.second }),
    caller: await start({ scenario: { xml: caller }, port: await freeUdpPort(), calling }),
  };
}

async function start(options: Pick<SippOptions, 'scenario' | 'port' | 'calling'>): Promise<Sipp> {
  const run = await Sipp.start({ ...options, program: sipp!, calls: CALLS, traced: true });
  running.push(run);
  return run;
}

async function allSucceeded(runs: Runs): Promise<void> {
  const all = [runs.caller, runs.first, runs.second];
  const codes = await Promise.all(all.map((run) => run.finished(LIMIT_MS)));

  const complaints = all.map((run) => run.complaints()).join('');
  expect(
    all.map((run) => run.outcome()),
    complaints,
  ).toEqual(all.map(() => ({ succeeded: CALLS, surprises: {} })));
  expect(codes).toEqual([0, 0, 0]);
  expect(below.complaints).toEqual([]);
}

async function nothingIsLeft(): Promise<void> {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  expect(await node.metric('earshot_media_sessions')).toBe(0);
  for (const what of ['refused', 'failures', 'dropped', 'events']) {
    expect([what, await node.metric(`earshot_sip_${what}_total`)]).toEqual([what, 0]);
  }
}

interface Description {
  readonly by: string | undefined;
  readonly port: number;
  readonly toTag: string | undefined;
}

/** Session descriptions that came in responses to the INVITE with that status. */
function descriptionsIn(messages: readonly TracedMessage[], status: string): Description[] {
  return messages
    .filter(({ direction, startLine }) => direction === 'received' && startLine.startsWith(`SIP/2.0 ${status} `))
    .filter(({ body }) => body !== '')
    .map((message) => ({ ...describe(message), toTag: /;tag=(.*)$/.exec(headerOf(message, 'to'))?.[1] }));
}

/** Where the node wants the media of each call, as that callee was told. */
function offersAt(run: Sipp): Record<string, number> {
  const offers = [...run.trace()].map(([callId, messages]): [string, number] => {
    const invite = messages.find(({ startLine }) => startLine.startsWith('INVITE '));
    return [callId, invite ? describe(invite).port : 0];
  });
  return Object.fromEntries(offers);
}

function describe({ body }: TracedMessage): { readonly by: string | undefined; readonly port: number } {
  return { by: /^s=(.*?)\r?$/m.exec(body)?.[1], port: Number(/^m=audio (\d+) /m.exec(body)?.[1]) };
}

function isOurs({ port }: Description): boolean {
  return port >= NODE_MEDIA.from && port <= NODE_MEDIA.to;
}
