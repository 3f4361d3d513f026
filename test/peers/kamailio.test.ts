/** Kamailio above and below a whole node at once: calls through all three, and what each makes of the others' messages. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import type { PhoneCall } from '../../src/demo/softphone/phone-call.ts';
import { createSoftphone, type Softphone } from '../../src/demo/softphone/softphone.ts';
import { until, type DialledCall } from '../journeys/support/stage.ts';
import { Kamailio } from './kamailio.ts';
import { requirePeer } from './require-peer.ts';
import { Rtpengine } from './rtpengine.ts';
import { SipParty } from './sip-party.ts';
import { WholeNode } from './whole-node.ts';

const SIDES = ['caller', 'callee'] as const;
const KEY = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';

const program = requirePeer('kamailio');
const engineProgram = requirePeer('rtpengine');
const isMissing = program === undefined;
const isEngineMissing = isMissing || engineProgram === undefined;

/** Everything that runs, in the order it was started. */
const running: { stop(): Promise<void> }[] = [];
let above: Kamailio;
let below: Kamailio;
let node: WholeNode;
const parties: SipParty[] = [];
const calls: DialledCall[] = [];
/** `slow` rings for longer than any test waits; `plain` has no SRTP of its own. */
let phones: Readonly<Record<'customer' | 'agent' | 'slow' | 'plain', Softphone>>;

beforeAll(async () => {
  if (isMissing) return;
  const engine = engineProgram === undefined ? undefined : await run(Rtpengine.start(engineProgram));
  const enginePort = engine?.controlPort;
  below = await run(Kamailio.start({ program, port: await freeUdpPort(), enginePort }));
  node = await run(WholeNode.start(below.port, { caller: 'sdes', callee: 'sdes' }));
  above = await run(Kamailio.start({ program, port: await freeUdpPort(), nextHop: node.sipPort, enginePort }));
  phones = {
    customer: await createPhone('customer'),
    agent: await createPhone('agent'),
    slow: await createPhone('slow', { incoming: { answerAfterMs: 60_000 } }),
    plain: await createPhone('plain', { security: 'rtp' }),
  };
});

afterEach(async () => {
  await Promise.all(calls.map(({ out }) => out.hangUp()));
  for (const party of parties.splice(0)) party.close();
  if (isMissing) return;
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  expect([...above.complaints, ...below.complaints]).toEqual([]);
});

afterAll(async () => {
  for (const each of running.reverse()) await each.stop();
});

test.skipIf(isMissing).each(SIDES)(
  'a call between two Kamailios loses no packet, is held and resumed from both sides, and ended by the %s',
  async (ender) => {
    const [routedAbove, routedBelow] = [above.looselyRouted.length, below.looselyRouted.length];
    const { out, incoming } = await dial('customer', 'agent');
    await heard({ out, incoming }, 20);

    await out.changeDirection('sendonly');
    await out.changeDirection('sendrecv');
    await incoming.changeDirection('sendonly');
    await incoming.changeDirection('sendrecv');
    await heard({ out, incoming }, 20);
    const lost = await drain({ out, incoming });
    await (ender === 'caller' ? out : incoming).hangUp();
    const ends = await Promise.all([out.ended, incoming.ended]);

    expect(lost).toBe(0);
    expect(ends).toEqual(ender === 'caller' ? ['local', 'remote'] : ['remote', 'local']);
    const inDialog = ['ACK', ...Array.from({ length: 4 }, () => ['INVITE', 'ACK']).flat(), 'BYE'].sort();
    // Sorted: one phone may offer while the ACK of the other is on its way.
    const routed = (): string[][] => [
      above.looselyRouted.slice(routedAbove).sort(),
      below.looselyRouted.slice(routedBelow).sort(),
    ];
    await until('both have logged the BYE', () => routed().every((methods) => methods.includes('BYE')));
    expect(routed()).toEqual([inDialog, inDialog]);
  },
);

test.skipIf(isMissing)('of two phones that Kamailio lets ring, one answers and the other is cancelled', async () => {
  const answered = phones.agent.nextCall(10_000);
  const to = `sip:agent@127.0.0.1:${phones.agent.endpoint.port};also=${phones.slow.endpoint.port}`;
  const relayed = below.relayed.length;
  const out = await phones.customer.dial({ to, via: at(above.port), deadlineMs: 10_000 });
  const { incoming } = join(out, await answered);
  await heard({ out, incoming }, 20);
  const lost = await drain({ out, incoming });
  await out.hangUp();

  expect(lost).toBe(0);
  await until('the other one is cancelled', () => below.relayed.slice(relayed).includes('487 to INVITE'));
});

test.skipIf(isMissing)('a caller that gives up while it rings leaves nobody ringing', async () => {
  const [toldAbove, toldBelow] = [above.relayed.length, below.relayed.length];
  const givenUp = new AbortController();
  const to = phones.slow.uri;
  const dialled = phones.customer.dial({ to, via: at(above.port), deadlineMs: 10_000, signal: givenUp.signal });
  const outcome = dialled.then(
    () => 'answered',
    (thrown: unknown) => String(thrown),
  );
  await until('it rings', () => above.relayed.slice(toldAbove).includes('180 to INVITE'));
  givenUp.abort();

  expect(await outcome).toContain('given up');
  const [ringing, cancelled] = ['180 to INVITE', '487 to INVITE'];
  await until('both have logged its end', () => [above, below].every(({ relayed }) => relayed.at(-1) === cancelled));
  expect(above.relayed.slice(toldAbove)).toEqual(['100 to INVITE', ringing, cancelled]);
  expect(below.relayed.slice(toldBelow)).toEqual(['100 to INVITE', ringing, cancelled]);
});

test.skipIf(isMissing)(
  'early media and a refusal come back as they were sent, but for the address of the media',
  async () => {
    const [caller, callee] = [await openParty(), await openParty()];
    const extra = ['Retry-After: 5 (on;air)', 'X-Cause: "déjà vu"', 'Reason: Q.850;cause=17'];
    caller.invite(above.port, { to: `sip:party@127.0.0.1:${callee.port}`, sdp: sdp('offer') });
    const invite = await callee.request('INVITE');
    callee.answer(invite, { status: 183, phrase: 'Session Progress', toTag: 'early', sdp: sdp('answer') }, extra);
    const early = await caller.response(183);
    callee.answer(invite, { status: 486, phrase: 'Occupé, vraiment', toTag: 'early' }, extra);
    const refused = await caller.response(486);

    for (const line of extra) expect(text(early) + text(refused)).toContain(`\r\n${line}\r\n`);
    expect(text(refused)).toContain('SIP/2.0 486 Occupé, vraiment\r\n');
    expect(text(early)).toContain('a=x-said-by:answer\r\n');
    expect(text(early)).not.toContain('m=audio 9998 ');
    expect(text(invite)).not.toContain('m=audio 9998 ');
    const hops = /^Via: .*/gm;
    expect(text(invite).match(hops)).toHaveLength(4);
    expect(text(invite)).toContain('\r\nMax-Forwards: 67\r\n');
    expect(text(early).match(hops)).toHaveLength(1);
  },
);

test.skipIf(isMissing)('a call whose hops run out at the node, or after it, is refused by who noticed', async () => {
  const [atNode, after] = [await openParty(), await openParty()];
  const to = `sip:party@127.0.0.1:${after.port}`;
  atNode.invite(above.port, { to, sdp: sdp('offer'), maxForwards: 1 });
  after.invite(above.port, { to, sdp: sdp('offer'), maxForwards: 2 });

  const answers = await Promise.all([atNode.response(483), after.response(483)]);

  // Only we say why in a Warning.
  expect(answers.map((answer) => text(answer).includes('"too_many_hops"'))).toEqual([true, false]);
});

test.skipIf(isEngineMissing).each([
  ['plain', 'agent'],
  ['customer', 'plain'],
] as const)(
  'rtpengine speaks SRTP with the node for a plain phone, and every packet of a call from %s to %s arrives',
  async (from, to) => {
    const { out, incoming } = await dial(from, to);
    await heard({ out, incoming }, 30);
    await out.changeDirection('sendonly');
    await out.changeDirection('sendrecv');
    await heard({ out, incoming }, 30);

    const lost = await drain({ out, incoming });
    await until('the node has told what it counted', async () => (await packets()).join() === sentSoFar().join());
    await out.hangUp();

    expect(lost).toBe(0);
    expect(await node.metric('earshot_media_dropped_total')).toBe(0);
  },
);

/** What the phones of all calls sent, as the node should have counted it. */
function sentSoFar(): number[] {
  const sum = (phone: 'out' | 'incoming'): number => calls.reduce((all, call) => all + call[phone].counts.sent, 0);
  return [sum('out'), sum('incoming'), sum('incoming'), sum('out')];
}

/** Packets received from callers and sent to them, received from callees and sent to them, since the node began. */
function packets(): Promise<number[]> {
  return Promise.all(
    SIDES.flatMap((side) =>
      ['received', 'sent'].map((direction) => node.metric('earshot_media_packets_total', { side, direction })),
    ),
  );
}

async function createPhone(
  user: string,
  more: { readonly security?: 'rtp'; readonly incoming?: { readonly answerAfterMs: number } } = {},
): Promise<Softphone> {
  const phone = createSoftphone({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    user,
    bind: { address: '127.0.0.1', sipPort: await freeUdpPort() },
    media: { codec: 'G722', security: more.security ?? 'sdes', rtcpIntervalMs: 0 },
    incoming: more.incoming,
  });
  return run(phone);
}

async function run<Peer extends { stop(): Promise<void> }>(starting: Promise<Peer>): Promise<Peer> {
  const started = await starting;
  running.push(started);
  return started;
}

async function dial(from: keyof typeof phones, to: keyof typeof phones): Promise<DialledCall> {
  const answered = phones[to].nextCall(10_000);
  const out = await phones[from].dial({ to: phones[to].uri, via: at(above.port), deadlineMs: 10_000 });
  return join(out, await answered);
}

function join(out: PhoneCall, incoming: PhoneCall): DialledCall {
  const call = { out, incoming };
  calls.push(call);
  return call;
}

/** Waits until both hear that many packets more. */
async function heard({ out, incoming }: DialledCall, more: number): Promise<void> {
  const [first, second] = [out.counts.received + more, incoming.counts.received + more];
  await until('both hear', () => out.counts.received >= first && incoming.counts.received >= second);
}

/**
 * Both fall silent; how many packets never arrived. One that is still under way while a phone puts its peer on hold
 * arrives and is refused there: it is none of those.
 */
async function drain({ out, incoming }: DialledCall): Promise<number> {
  out.fallSilent();
  incoming.fallSilent();
  const arrived = ({ counts }: PhoneCall): number => counts.received + (counts.refused['direction'] ?? 0);
  const lost = (): number => out.counts.sent - arrived(incoming) + incoming.counts.sent - arrived(out);
  await until('the last packets arrived', () => lost() === 0, 3000).catch(() => undefined);
  return lost();
}

async function openParty(): Promise<SipParty> {
  const party = await SipParty.open();
  parties.push(party);
  return party;
}

function at(port: number): { readonly address: string; readonly port: number } {
  return { address: '127.0.0.1', port };
}

function sdp(saidBy: string): string {
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return [...lines, 'm=audio 9998 RTP/SAVP 0', `a=x-said-by:${saidBy}`, KEY, ''].join('\r\n');
}

function text(message: { readonly head: { readonly bytes: Buffer } }): string {
  return message.head.bytes.toString('latin1');
}
