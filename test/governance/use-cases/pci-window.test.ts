import { beforeEach, describe, expect, test } from 'vitest';
import { newId, type LegId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain, onAudioEvent } from '../../../src/governance/use-cases/follow-tap.ts';
import { governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { leaveCalls } from '../../../src/governance/use-cases/leave-calls.ts';
import type { LiveCall, LiveStream } from '../../../src/governance/use-cases/live-calls.ts';
import { noteDtmf } from '../../../src/governance/use-cases/note-dtmf.ts';
import type { KeptWindow } from '../../../src/governance/use-cases/pci-file.ts';
import { pciVerbsOf } from '../../../src/governance/use-cases/pci-verbs.ts';
import { closeDueWindows, closeWindow, heedSignals, openWindow } from '../../../src/governance/use-cases/pci-window.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import type { Principal } from '../../../src/model/access.ts';
import type { PolicyInput } from '../../../src/model/decision.ts';
import type { Revision, Role, Tenant } from '../../../src/model/tenant.ts';
import type { RedactionSignal } from '../../../src/model/transcript.ts';
import { local, principal } from './switchboard.ts';
import {
  callFact,
  feedClosed,
  makeWorld,
  ofKind,
  revision,
  scribe,
  segment,
  settle,
  tenant,
  verifyWorld,
  type World,
} from './world.ts';

let world: World;
let call: LiveCall;
let customer: LiveStream;
let agent: LiveStream;
let asked: PolicyInput[];

/** A call of a customer and an agent whom one recogniser hears, at ten seconds of it. */
async function begin(options: { readonly roles?: [Role, Role]; readonly of?: Partial<Tenant> } = {}): Promise<void> {
  const [role, other] = options.roles ?? ['customer', 'agent'];
  world = makeWorld();
  asked = [];
  world.set({ decide: (_processor, _entrypoint, input) => (asked.push(input), { allow: true, code: 'allowed' }) });
  const fact = callFact();
  const first = { ...fact.legs[0]!, role };
  const stream = { ...first.stream!, stream: newId('stream') };
  const legs = [first, { ...first, leg: newId('leg'), side: 'callee' as const, role: other, stream }];
  const acme = { ...tenant, processors: [scribe.id, ...tenant.processors.slice(2)], ...options.of };
  const inForce: Revision = { ...revision, tenants: [acme] };
  await followCall(world.deps, inForce, { ...fact, legs }, { isResumed: false });
  call = world.deps.calls.get(fact.call)!;
  [customer, agent] = [...call.streams.values()] as [LiveStream, LiveStream];
  passMs(10_000);
}

beforeEach(() => begin());

const passMs = (ms: number): void => world.clock.advance(ms);
const say = (leg: LegId, kind: 'card_asked' | 'card_begun' | 'card_over', atMs = nowMs()): void =>
  heedSignals(world.deps, call, leg, [{ kind, atMs }]);
/** Where every stream is now. */
const nowMs = (): number => world.clock.monoUs() / 1000 - 1000;
const press = (stream: LiveStream): void =>
  noteDtmf(world.deps, {
    kind: 'stream.dtmf',
    call: call.call,
    stream: stream.stream,
    atUs: world.clock.monoUs(),
    durationMs: 100,
  });
const leaseOf = (stream: LiveStream): string =>
  ofKind(world, 'lease.open').findLast((entry) => entry.stream === stream.stream)!.lease;
const isHeard = (stream: LiveStream): boolean =>
  [...stream.feeds.values()].some(({ state, lease }) => state === 'open' && world.openFeeds.has(lease));
/** Where the recogniser's own worker stopped: what the socket took. */
const account = (stream: LiveStream, capturedThroughMs: number): void => {
  const bytes = capturedThroughMs * 32;
  feedClosed(world, leaseOf(stream), { reason: 'pci', capturedThroughMs, bytes });
};
const triggers = (): string[] => ofKind(world, 'pci.open').map(({ trigger }) => trigger);

describe('the agent asks for the card', () => {
  test('the customer is not heard from the return on, the agent is, and nothing is asked of the customer meanwhile', async () => {
    world.trace.length = 0;

    say(agent.leg, 'card_asked');
    const trace = [...world.trace];
    account(customer, 9900);
    asked.length = 0;
    passMs(5000);
    listenAgain(world.deps);
    await settle();

    expect(trace).toEqual(expect.arrayContaining(['feed.close', 'tap.close']));
    expect([isHeard(customer), isHeard(agent)]).toEqual([false, true]);
    expect(asked).toEqual([]);
    expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'pci', stream: customer.stream }]);
    expect(ofKind(world, 'pci.open')).toMatchObject([
      { trigger: 'question', opened_ms: 10_020, sensitive_ms: 10_020, exposed_ms: 0, exposed_bytes: 0 },
    ]);
  });

  test('audio that its recogniser got ahead of our clock, with a packet under way, is from before it', () => {
    onAudioEvent(world.deps, {
      kind: 'stream.position',
      tap: customer.tap!,
      stream: customer.stream,
      positionMs: 10_050,
    });

    say(agent.leg, 'card_asked');
    account(customer, 10_068);

    expect(ofKind(world, 'pci.open')).toMatchObject([{ exposed_ms: 0 }]);
  });

  test('policy is asked about the agent as card data is being taken, and what it denies then is silent too', async () => {
    world.set({
      decide: (_processor, _entrypoint, input) => ({ allow: input.window?.pci !== true, code: 'policy_denied' }),
    });

    say(agent.leg, 'card_asked');
    const heardAtOnce = isHeard(agent);
    await settle();

    expect([heardAtOnce, isHeard(agent)]).toEqual([true, false]);
    expect(ofKind(world, 'pci.open')).toHaveLength(0);
  });

  test('a grant that is bound to be silent then is, before anybody is asked', () => {
    const [feed] = agent.feeds.values();
    Object.assign(feed!.grant.decision.obligations, { mute_on: ['pci'] });

    say(agent.leg, 'card_asked');

    expect(isHeard(agent)).toBe(false);
  });

  test('when the agent says it is over the customer is heard again, with one hole between', async () => {
    say(agent.leg, 'card_asked');
    account(customer, 9900);
    passMs(5000);

    say(agent.leg, 'card_over');
    await settle();

    expect(isHeard(customer)).toBe(true);
    expect(ofKind(world, 'pci.close')).toMatchObject([{ reason: 'said', closed_ms: 15_000 }]);
    expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'pci', processor: 'scribe', from_ms: 9900, to_ms: 15_000 }]);
    expect(ofKind(world, 'lease.open').at(-1)).toMatchObject({ stream: customer.stream, from_ms: 15_000 });
    expect(await verifyWorld(world)).toEqual([]);
  });

  test('what was said before it was opened does not end it, and nothing that is said ends one opened by API', () => {
    say(agent.leg, 'card_asked');
    say(agent.leg, 'card_over', nowMs() - 500);
    const openThen = call.pci.open !== undefined;
    closeWindow(world.deps, call, 'api');
    openWindow(world.deps, call, { trigger: 'api' });
    passMs(1000);
    say(agent.leg, 'card_over');

    expect([openThen, call.pci.open !== undefined]).toEqual([true, true]);
  });

  test('a customer who asks which number is wanted, or says that it is over, changes nothing', () => {
    say(customer.leg, 'card_asked');
    const opened = call.pci.open;
    say(agent.leg, 'card_asked');
    say(customer.leg, 'card_over');

    expect(opened).toBeUndefined();
    expect(call.pci.open).toBeDefined();
  });

  test('where everybody is a customer, the other one is not heard', async () => {
    await begin({ roles: ['customer', 'customer'] });

    say(customer.leg, 'card_asked');

    expect([isHeard(customer), isHeard(agent)]).toEqual([true, false]);
  });

  test('asked again, it stays open longer; and it ends by itself', () => {
    say(agent.leg, 'card_asked');
    account(customer, 9900);
    passMs(50_000);
    say(agent.leg, 'card_asked');
    passMs(59_000);
    closeDueWindows(world.deps);
    const openThen = call.pci.open !== undefined;
    passMs(1000);
    closeDueWindows(world.deps);

    expect([openThen, call.pci.open]).toEqual([true, undefined]);
    expect(triggers()).toEqual(['question']);
    expect(ofKind(world, 'pci.close')).toMatchObject([{ reason: 'time' }]);
  });

  test('a tenant who wants no windows has none but by API', async () => {
    await begin({ of: { redaction: { ...DEFAULT_REDACTION, pci: { ...DEFAULT_REDACTION.pci, enabled: false } } } });
    say(agent.leg, 'card_asked');
    for (let key = 0; key < 5; key += 1) press(customer);
    const opened = call.pci.open;

    await pciVerbsOf(world.deps).openPciWindow(local, call.call);

    expect(opened).toBeUndefined();
    expect(isHeard(customer)).toBe(false);
  });
});

describe('card data is noticed too late', () => {
  test('what was sent since its first word is said, in ms and in bytes', () => {
    say(customer.leg, 'card_begun', 8200);
    account(customer, 9900);

    expect(ofKind(world, 'pci.open')).toMatchObject([
      { trigger: 'digits', opened_ms: 10_020, sensitive_ms: 8200, exposed_ms: 1700, exposed_bytes: 1700 * 32 },
    ]);
  });

  test('an account that does not come in time is unknown, and everything until then may have been sent', async () => {
    say(customer.leg, 'card_begun', 8200);
    passMs(2000);
    account(customer, 9900);

    expect(ofKind(world, 'pci.open')).toMatchObject([{ exposed_ms: 3820, exposed_bytes: 'unknown' }]);
    expect(await verifyWorld(world)).toContain('exposed');
  });

  test('a lease that was over before it was noticed counts too', () => {
    feedClosed(world, leaseOf(customer), { reason: 'processor_down', capturedThroughMs: 9000, bytes: 9000 * 32 });

    say(customer.leg, 'card_begun', 8200);

    expect(ofKind(world, 'pci.open')).toMatchObject([{ exposed_ms: 800, exposed_bytes: 800 * 32 }]);
  });

  test('digits that the agent reads back open nothing', () => {
    say(agent.leg, 'card_begun');

    expect(call.pci.open).toBeUndefined();
  });

  test('something that is to pause the AI keeps it from that leg alone', () => {
    const signal: RedactionSignal = { kind: 'pause', type: 'HEALTH', atMs: 9000 };

    heedSignals(world.deps, call, agent.leg, [signal]);
    account(agent, 9500);

    expect([isHeard(customer), isHeard(agent)]).toEqual([true, false]);
    expect(ofKind(world, 'pci.open')).toMatchObject([{ trigger: 'entity', stream: agent.stream, exposed_ms: 500 }]);
  });
});

describe('keys are pressed', () => {
  test('three soon after another open it, and it closes some seconds after the last', () => {
    for (const pauseMs of [0, 2000, 4000, 1000, 1000, 1000]) {
      passMs(pauseMs);
      press(customer);
    }
    account(customer, 10_000);
    passMs(4900);
    closeDueWindows(world.deps);
    const openThen = call.pci.open !== undefined;
    passMs(100);
    closeDueWindows(world.deps);

    expect(ofKind(world, 'pci.open')).toMatchObject([{ trigger: 'dtmf', opened_ms: 18_020 }]);
    expect(openThen).toBe(true);
    expect(ofKind(world, 'pci.close')).toMatchObject([{ reason: 'dtmf_over' }]);
  });

  test('one that a question holds open too does not close with the keys', () => {
    for (let key = 0; key < 3; key += 1) press(customer);
    say(agent.leg, 'card_asked');
    passMs(59_000);
    closeDueWindows(world.deps);

    expect(call.pci.open).toBeDefined();
  });

  test('the keys of an agent are no card number', () => {
    for (let key = 0; key < 9; key += 1) press(agent);

    expect(call.pci.open).toBeUndefined();
  });
});

describe('whoever takes the payment says so', () => {
  const verbs = () => pciVerbsOf(world.deps);

  test('a window is opened at once, once, and closed, each recorded with who did it', async () => {
    const opening = verbs().openPciWindow(local, call.call);
    await settle();
    const again = await verbs().openPciWindow(local, call.call);
    account(customer, 9900);
    const ops = principal('ops');
    const closed = await verbs().closePciWindow(ops, call.call);

    expect(await opening).toMatchObject({ state: 'open', trigger: 'api', streams: [{ opened_ms: 10_020 }] });
    expect(again.streams).toEqual((await opening).streams);
    expect(closed.state).toBe('closed');
    expect(ofKind(world, 'pci.open')).toMatchObject([{ trigger: 'api', actor: 'local' }]);
    expect(ofKind(world, 'pci.close')).toMatchObject([{ reason: 'api', actor: ops.token }]);
  });

  test('who may not, or names what is not there, is refused', async () => {
    const foreign = principal('ops', ['globex']);
    const openPciWindow = (who: Principal, name: string) => verbs().openPciWindow(who, name);
    const closePciWindow = (who: Principal, name: string) => verbs().closePciWindow(who, name);

    await expect(openPciWindow(principal('auditor'), call.call)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(closePciWindow(principal('security'), call.call)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(openPciWindow(foreign, call.call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(closePciWindow(principal('ops'), call.call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await begin({ roles: ['agent', 'agent'] });
    await expect(verbs().openPciWindow(local, call.call)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

test('what is being arranged when it opens hears nothing, and its lease is closed unused', async () => {
  feedClosed(world, leaseOf(customer), { reason: 'tap_lapsed', capturedThroughMs: 9000, bytes: 1 });
  passMs(1000);
  world.set({ ledgerHolds: true });
  listenAgain(world.deps);
  await settle();

  say(agent.leg, 'card_asked');
  world.letLedger();
  await settle();

  expect(isHeard(customer)).toBe(false);
  expect(ofKind(world, 'lease.close').at(-1)).toMatchObject({ reason: 'unused', bytes: 0 });
  expect(customer.silences.get(scribe.id)).toMatchObject({ reason: 'pci' });
});

test('one that closes within moments is on record in its order, before its account too', async () => {
  say(agent.leg, 'card_asked');
  say(agent.leg, 'card_over');
  const early = world.entries.filter(({ kind }) => kind.startsWith('pci')).length;
  account(customer, 9900);
  passMs(1000);
  listenAgain(world.deps);
  await settle();

  expect(early).toBe(0);
  expect(world.entries.map(({ kind }) => kind).filter((kind) => kind.startsWith('pci'))).toEqual([
    'pci.open',
    'pci.close',
  ]);
  expect(isHeard(customer)).toBe(true);
});

test('a stream that begins while it is open is silent from its beginning, and on record', async () => {
  say(agent.leg, 'card_asked');
  account(customer, 9900);
  const leg = { ...call.fact.legs[0]!, leg: newId('leg') };
  const late = { ...leg, stream: { ...leg.stream!, stream: newId('stream') } };
  await followCall(world.deps, call.revision, { ...call.fact, legs: [...call.fact.legs, late] }, { isResumed: false });
  closeDueWindows(world.deps);

  expect(world.openFeeds.size).toBe(1);
  expect(ofKind(world, 'pci.open')).toHaveLength(2);
});

test('words said within it are released to nobody; those of before are', async () => {
  say(agent.leg, 'card_asked');
  account(customer, 9900);
  const words = (text: string, startMs: number) => ({ ...segment(call.fact, text, startMs), leg: customer.leg });

  governSegment(world.deps, words('hello there', 9000));
  await settle();
  governSegment(world.deps, words('four one one one', 12_000));
  await settle();
  const ending = endCall(world.deps, call.call, 'bye');
  for (let second = 0; second < 40; second += 1) {
    passMs(1000);
    await settle();
  }
  await ending;

  expect(ofKind(world, 'release.request')).toMatchObject([{ from_ms: 9000 }]);
  expect(ofKind(world, 'gap').filter(({ processor }) => processor === 'coach')).toMatchObject([
    { reason: 'pci', from_ms: 12_000 },
  ]);
});

test('it ends with us', async () => {
  say(agent.leg, 'card_asked');
  account(customer, 9900);
  const leaving = leaveCalls(world.deps);
  await settle();
  passMs(1000);
  await leaving;

  expect(ofKind(world, 'pci.close')).toMatchObject([{ reason: 'governance_restart' }]);
});

describe('governance dies while card data is being taken', () => {
  /** The same call as a successor finds it. */
  async function succeed(found: KeptWindow | 'unknown' | undefined): Promise<void> {
    const { fact, revision: inForce } = call;
    world = makeWorld();
    const windows = { find: () => found, keep: () => Promise.resolve() };
    await followCall({ ...world.deps, windows }, inForce, fact, { isResumed: true });
    call = world.deps.calls.get(fact.call)!;
    [customer, agent] = [...call.streams.values()] as [LiveStream, LiveStream];
  }

  test('what was open is told to be kept, and is open again before anybody is asked about the customer', async () => {
    const kept: (readonly KeptWindow[])[] = [];
    const windows = {
      find: () => undefined,
      keep: (open: readonly KeptWindow[]) => Promise.resolve(void kept.push(open)),
    };
    heedSignals({ ...world.deps, windows }, call, agent.leg, [{ kind: 'card_asked', atMs: 0 }]);

    await succeed(kept.at(-1)?.[0]);

    expect(kept).toEqual([[{ call: call.call, trigger: 'question', spared: [], added: [] }]]);
    expect([isHeard(customer), isHeard(agent)]).toEqual([false, true]);
    expect(ofKind(world, 'pci.open')).toMatchObject([{ trigger: 'question', actor: 'node', exposed_ms: 0 }]);
  });

  test('where nobody can say what was open, the customer is not heard', async () => {
    await succeed('unknown');

    expect(isHeard(customer)).toBe(false);
  });

  test('where nothing was open, the customer is heard', async () => {
    await succeed(undefined);

    expect(isHeard(customer)).toBe(true);
  });
});
