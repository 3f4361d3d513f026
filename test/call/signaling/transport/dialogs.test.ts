import { afterEach, expect, test } from 'vitest';
import type { SipTransport } from '../../../../src/protocol/sip/transport.ts';
import { recordRoutes, startLine } from '../stage.ts';
import type { Received, TestPeer } from './test-peer.ts';
import { Party, peer, TransportStage } from './transport-stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Ends {
  readonly stage: TransportStage;
  readonly caller: Party;
  readonly callee: TestPeer;
  /** What the callee is once it was called. */
  readonly answerer: () => Promise<Party>;
}

interface EndOptions {
  readonly from: SipTransport;
  readonly to: SipTransport;
  readonly families?: readonly [4 | 6, 4 | 6];
}

async function setUp({ from, to, families: [callerFamily, calleeFamily] = [4, 4] }: EndOptions): Promise<Ends> {
  const caller = await peer({ transport: from, family: callerFamily, origin: 'https://phone.example' }, closing);
  const callee = await peer({ transport: to, family: calleeFamily, certificate: 'node' }, closing);
  const addressOf = (family: 4 | 6): string => (family === 6 ? '::1' : '127.0.0.1');
  const origins = from === 'ws' || from === 'wss' ? { origins: ['https://phone.example'] } : {};
  const stage = await TransportStage.open({
    outside: [{ transport: from, address: addressOf(callerFamily), ...origins }],
    inside: [{ transport: to, address: addressOf(calleeFamily) }],
    hops: [{ host: callee.host, port: callee.port, transport: to }],
  });
  closing.push(() => stage.stop());
  const line = await caller.call(stage.port('outside', from, callerFamily));
  const answerer = async (): Promise<Party> =>
    new Party(callee, await callee.call(stage.port('inside', to, calleeFamily)), 'bob');
  return { stage, caller: new Party(caller, line, 'alice'), callee, answerer };
}

/** INVITE, 100, 180, 200, ACK; both ends know each other then. */
async function establish({ caller, callee, answerer }: Ends): Promise<{ invite: Received; ok: Received; bob: Party }> {
  caller.line.send(caller.request('INVITE'));
  await caller.peer.next('SIP/2.0 100');
  const invite = await callee.next('INVITE');
  const bob = await answerer();
  bob.learn(invite, 'callee');
  invite.reply(bob.answer(invite, 180));
  await caller.peer.next('SIP/2.0 180');
  invite.reply(bob.answer(invite));
  const ok = await caller.peer.next('SIP/2.0 200');
  caller.learn(ok, 'caller');
  caller.line.send(caller.request('ACK', { cseq: caller.cseq }));
  await callee.next('ACK');
  return { invite, ok, bob };
}

/** A request of one end in the dialog, and the other's answer. */
async function exchange(method: string, from: Party, to: Party): Promise<{ received: Received; ok: Received }> {
  from.line.send(from.request(method));
  if (method === 'INVITE') await from.peer.next('SIP/2.0 100');
  const received = await to.peer.next(method);
  received.reply(to.answer(received));
  const ok = await from.peer.next('SIP/2.0 200');
  if (method === 'INVITE') {
    from.line.send(from.request('ACK', { cseq: from.cseq }));
    await to.peer.next('ACK');
  }
  return { received, ok };
}

function nameOf({ from, to, families: [one, other] = [4, 4] }: EndOptions): string {
  return `from ${from} over IPv${one} to ${to} over IPv${other}`;
}

const PAIRS: EndOptions[] = [
  { from: 'udp', to: 'tcp' },
  { from: 'tcp', to: 'udp' },
  { from: 'tcp', to: 'tls' },
  { from: 'tls', to: 'tcp' },
  { from: 'ws', to: 'udp' },
  { from: 'wss', to: 'tls' },
  { from: 'udp', to: 'ws' },
  { from: 'tls', to: 'wss' },
  { from: 'tcp', to: 'tcp' },
  { from: 'udp', to: 'udp', families: [4, 6] },
  { from: 'tcp', to: 'udp', families: [6, 4] },
  { from: 'tls', to: 'tls', families: [4, 6] },
];

test.each(PAIRS.map((pair) => [nameOf(pair), pair] as const))(
  'a whole call %s: set up, re-INVITE and BYE from both ends',
  async (_name, options) => {
    const ends = await setUp(options);
    const { stage, caller } = ends;

    const { invite, bob } = await establish(ends);
    const fromCaller = await exchange('INVITE', caller, bob);
    const fromCallee = await exchange('INVITE', bob, caller);
    const byCallee = await exchange('BYE', bob, caller);

    expect(invite.text).toMatch(new RegExp(`^Via: SIP/2\\.0/${options.to.toUpperCase()} `, 'm'));
    expect([fromCaller, fromCallee, byCallee].map(({ ok }) => startLine(ok))).toEqual(
      Array(3).fill('SIP/2.0 200 Whatever'),
    );
    expect(stage.events.at(-1)).toBe('ended bye');
    expect(stage.signaling.stats().calls).toBe(0);
    expect([...caller.peer.unread, ...bob.peer.unread]).toEqual([]);

    // The next call ends from the other side.
    const again = await establish({ ...ends, caller: restarted(caller) });
    const byCaller = await exchange('BYE', ends.caller, again.bob);
    expect(startLine(byCaller.ok)).toBe('SIP/2.0 200 Whatever');
  },
);

/** The same end, about to begin another call. */
function restarted(party: Party): Party {
  party.routes = [];
  party.target = 'sip:bob@example.com';
  party.remoteTag = '';
  party.callId = 'call-2@example.org';
  return party;
}

test.each([
  [{ from: 'udp', to: 'tcp' }, ['127.0.0.1:IN;transport=tcp;lr', '127.0.0.1:OUT;lr']],
  [{ from: 'wss', to: 'tls' }, ['127.0.0.1:IN;transport=tls;lr', '127.0.0.1:OUT;transport=ws;lr']],
  [{ from: 'udp', to: 'udp', families: [4, 6] }, ['[::1]:IN;lr', '127.0.0.1:OUT;lr']],
] as [EndOptions, string[]][])('each side of %o meets us by its own transport and address', async (options, places) => {
  const ends = await setUp(options);

  const { invite } = await establish(ends);

  const [calleeFamily] = options.families?.slice(1) ?? [4 as const];
  const inside = String(ends.stage.port('inside', options.to, calleeFamily));
  const outside = String(ends.stage.port('outside', options.from));
  const expected = places.map((place) => place.replace('IN', inside).replace('OUT', outside));
  const found = recordRoutes(invite).map((route) => /^<sip:[\w-]+@(.*)>$/.exec(route)?.[1]);
  expect(found).toEqual(expected);
});

test('a browser is called back by its own connection and by no other, and a second one of its kind hears nothing', async () => {
  const ends = await setUp({ from: 'ws', to: 'udp' });
  const { bob } = await establish(ends);
  const other = await peer({ transport: 'ws', origin: 'https://phone.example' }, closing);
  await other.call(ends.stage.port('outside', 'ws'));

  const { received } = await exchange('INFO', bob, ends.caller);

  expect(startLine(received)).toBe('INFO sip:alice@alice.invalid;transport=ws SIP/2.0');
  expect(other.unread).toEqual([]);
});

/** A browser that registered through us, and the Path its registrar was given. */
async function register(
  ends: Ends,
  extra = ['Supported: path, outbound'],
): Promise<{ path: string; registrar: Party }> {
  ends.caller.line.send(ends.caller.request('REGISTER', { extra }));
  const register = await ends.callee.next('REGISTER');
  const registrar = await ends.answerer();
  register.reply(registrar.answer(register));
  await ends.caller.peer.next('SIP/2.0 200');
  restarted(ends.caller);
  return { path: /^Path: (.*)\r$/m.exec(register.text)?.[1] ?? '', registrar };
}

test('a browser that registered is called by its flow: the Path we gave its registrar leads there and back', async () => {
  const ends = await setUp({ from: 'wss', to: 'udp' });
  const { path, registrar } = await register(ends);
  const alice = ends.caller;
  registrar.routes = [path];
  registrar.target = /^<(.*)>$/.exec(alice.contact)?.[1] ?? '';
  registrar.callId = 'call-back@example.org';

  registrar.line.send(registrar.request('INVITE'));
  const invite = await alice.peer.next('INVITE');
  alice.learn(invite, 'callee');
  invite.reply(alice.answer(invite));
  registrar.learn(await registrar.peer.next('SIP/2.0 200'), 'caller');
  registrar.line.send(registrar.request('ACK', { cseq: registrar.cseq }));
  await alice.peer.next('ACK');
  await exchange('INFO', alice, registrar);
  const bye = await exchange('BYE', registrar, alice);

  expect(path).toMatch(/^<sip:[\w-]+@127\.0\.0\.1:\d+;lr;ob>$/);
  expect(path).toContain(`:${ends.stage.port('inside', 'udp')};`);
  expect(startLine(invite)).toBe('INVITE sip:alice@alice.invalid;transport=ws SIP/2.0');
  expect(invite.text).not.toContain(path);
  expect(startLine(bye.ok)).toBe('SIP/2.0 200 Whatever');
  expect(ends.stage.events.at(-1)).toBe('ended bye');
});

test('once it is gone its Path leads nowhere, and a Path of nobody’s making never led anywhere', async () => {
  const ends = await setUp({ from: 'ws', to: 'udp' });
  const { path, registrar } = await register(ends);
  const forged = path.replace(/sip:....../, 'sip:AAAAAA');
  ends.caller.line.close();
  await untilClosed(ends.stage);
  registrar.target = 'sip:alice@alice.invalid;transport=ws';
  registrar.callId = 'call-back@example.org';
  registrar.routes = [path];
  registrar.line.send(registrar.request('INVITE'));
  const gone = await registrar.peer.next('SIP/2.0 4');
  registrar.routes = [forged];
  registrar.line.send(registrar.request('INVITE', { extra: ['Subject: forged'] }));
  const nowhere = await registrar.peer.next('SIP/2.0 5');

  expect(startLine(gone)).toBe('SIP/2.0 430 Flow Failed');
  expect(startLine(nowhere)).toBe('SIP/2.0 503 Service Unavailable');
});

test('who knows no Path, or can be called back, gets none, and the registration leaves as it came', async () => {
  const unaware = await setUp({ from: 'ws', to: 'udp' });
  const reachable = await setUp({ from: 'udp', to: 'tcp' });

  expect((await register(unaware, [])).path).toBe('');
  expect((await register(reachable)).path).toBe('');
});

test('when the browser is gone its call is told so at once: 430, and nobody else is called', async () => {
  const ends = await setUp({ from: 'ws', to: 'udp' });
  const { bob } = await establish(ends);
  ends.caller.line.close();
  await untilClosed(ends.stage);

  bob.line.send(bob.request('INFO'));
  const info = await bob.peer.next('SIP/2.0 4');
  bob.line.send(bob.request('BYE'));
  const bye = await bob.peer.next('SIP/2.0 4');

  expect([info, bye].map(startLine)).toEqual(['SIP/2.0 430 Flow Failed', 'SIP/2.0 430 Flow Failed']);
  expect(ends.stage.events.at(-1)).toBe('ended timeout');
});

test('a flow from before a restart is known to be gone', async () => {
  const ends = await setUp({ from: 'ws', to: 'udp' });
  const { bob } = await establish(ends);
  await ends.stage.restart();

  bob.line.send(bob.request('BYE'));

  expect(startLine(await bob.peer.next('SIP/2.0 4'))).toBe('SIP/2.0 430 Flow Failed');
});

test('after a restart a dialog over streams goes on over new connections', async () => {
  const ends = await setUp({ from: 'tls', to: 'tcp' });
  const { bob } = await establish(ends);
  await ends.stage.restart();
  const line = await ends.caller.peer.call(ends.stage.port('outside', 'tls'));
  const bobLine = await bob.peer.call(ends.stage.port('inside', 'tcp'));
  const alice = Object.assign(Object.create(ends.caller) as Party, { line });
  const bobAgain = Object.assign(Object.create(bob) as Party, { line: bobLine });

  bobAgain.line.send(bob.request('INFO'));
  const info = await ends.caller.peer.next('INFO');
  info.reply(ends.caller.answer(info));
  await bob.peer.next('SIP/2.0 200');
  alice.line.send(ends.caller.request('BYE'));
  const bye = await bob.peer.next('BYE');
  bye.reply(bob.answer(bye));

  expect(startLine(await ends.caller.peer.next('SIP/2.0 200'))).toBe('SIP/2.0 200 Whatever');
});

test('a response whose request came by a connection from before a restart goes to where its sender listens', async () => {
  const ends = await setUp({ from: 'tcp', to: 'udp' });
  ends.caller.line.send(ends.caller.request('INVITE'));
  const invite = await ends.callee.next('INVITE');
  const bob = await ends.answerer();
  await ends.stage.restart();

  invite.reply(bob.answer(invite));
  const ok = await ends.caller.peer.next('SIP/2.0 200');

  expect(ok.way).toBe(0);
  expect(ends.stage.count('earshot_sip_events_total', { event: 'stateless_response' })).toBe(1);
});

async function untilClosed(stage: TransportStage): Promise<void> {
  while ((stage.signaling.stats(), stage.metrics.gauge('earshot_sip_connections').value > 0)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
