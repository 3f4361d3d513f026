import { expect, test } from 'vitest';
import { asProcessorId, newId, type ProcessorId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain } from '../../../src/governance/use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { reloadCalls, reloadCallsOf } from '../../../src/governance/use-cases/reload.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { Revision, Tenant } from '../../../src/model/tenant.ts';
import {
  callFact,
  coach,
  collector,
  feedClosed,
  makeWorld,
  ofKind,
  revision,
  scribe,
  settle,
  tenant,
  verifyWorld,
  type World,
} from './world.ts';

/** The next revision, in which the tenant is otherwise. */
function next(change: Partial<Tenant> = {}, processors = revision.processors): Revision {
  return { ...revision, revision: 2, digest: 'e', processors, tenants: [{ ...tenant, ...change }] };
}

const without = (gone: ProcessorId): Partial<Tenant> => ({ processors: tenant.processors.filter((id) => id !== gone) });
const DENIED = { consent: { ...tenant.consent, state: 'denied' } } as const;

async function begin(world: World): Promise<CallFact> {
  const fact = callFact();
  await followCall(world.deps, revision, fact, { isResumed: false });
  world.trace.length = 0;
  return fact;
}

/** Lets every closed feed tell its account, and what is due be taken up again. */
async function goOn(world: World): Promise<void> {
  await settle();
  const opened = ofKind(world, 'lease.open').map(({ lease }) => lease);
  const closed = new Set(ofKind(world, 'lease.close').map(({ lease }) => lease));
  for (const lease of opened.filter((one) => !closed.has(one) && !world.openFeeds.has(one as never))) {
    feedClosed(world, lease, { reason: 'policy_change', capturedThroughMs: 0, bytes: 0 });
  }
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();
}

test('a processor that is gone from the document hears no more, and nobody else notices', async () => {
  const world = makeWorld();
  await begin(world);

  reloadCalls(world.deps, next(without(collector.id)));
  await goOn(world);

  expect(ofKind(world, 'lease.close')).toMatchObject([{ processor: 'collector', reason: 'policy_change' }]);
  expect(ofKind(world, 'lease.open')).toHaveLength(2);
  expect(world.openFeeds.size).toBe(1);
  expect(ofKind(world, 'gap')).toEqual([]);
  expect(await verifyWorld(world)).toEqual([]);
});

test('when the last processor is gone the tap is closed, and the call plane is told nothing else', async () => {
  const world = makeWorld();
  await begin(world);

  reloadCalls(world.deps, next({ processors: [] }));
  await goOn(world);

  const told = world.sentToCallPlane.map(({ kind }) => kind);
  expect(new Set(told)).toEqual(new Set(['tap.open', 'tap.close']));
  expect(world.taps.size).toBe(0);
});

test('a tenant that is gone is heard and read by nobody, and its call ends in order', async () => {
  const world = makeWorld();
  const fact = await begin(world);

  reloadCalls(world.deps, { ...next(), tenants: [] });
  await goOn(world);
  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);
  const ending = endCall(world.deps, fact.call, 'bye');
  await settle();
  await ending;

  expect(world.openFeeds.size).toBe(0);
  expect(world.trace).not.toContain('send:coach');
  expect(ofKind(world, 'call.close')).toHaveLength(1);
  expect(await verifyWorld(world)).toEqual([]);
});

test('what a processor has become is asked about anew, under its new terms', async () => {
  const world = makeWorld();
  await begin(world);
  const renegotiated = { ...scribe, terms: { ...scribe.terms, hash: 'b'.repeat(64) } };

  reloadCalls(world.deps, next({}, [renegotiated, collector, coach]));
  await goOn(world);

  expect(ofKind(world, 'lease.close')).toMatchObject([{ processor: 'scribe', reason: 'policy_change' }]);
  expect(ofKind(world, 'lease.open').at(-1)).toMatchObject({ processor: 'scribe', terms: 'b'.repeat(64) });
  expect(ofKind(world, 'gap')).toMatchObject([{ processor: 'scribe', reason: 'policy' }]);
  expect(await verifyWorld(world)).toEqual([]);
});

test('a processor that is new to the tenant is asked about at once, on the tap that runs', async () => {
  const world = makeWorld();
  const fact = callFact();
  const before = { ...revision, tenants: [{ ...tenant, processors: [scribe.id] }] };
  await followCall(world.deps, before, fact, { isResumed: false });

  reloadCalls(world.deps, next());
  await settle();

  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual(['scribe', 'collector']);
  expect(ofKind(world, 'lease.close')).toEqual([]);
  expect(world.sentToCallPlane.map(({ kind }) => kind)).toEqual(['tap.open']);
});

test('consent that is withdrawn ends all hearing before anything is waited for, and policy is told of it', async () => {
  const world = makeWorld();
  await begin(world);
  world.set({
    decide: (_id, _entrypoint, input) =>
      input.consent?.state === 'denied' ? { allow: false, code: 'policy_denied' } : { allow: true, code: 'allowed' },
  });

  reloadCalls(world.deps, next(DENIED));
  const hearing = world.openFeeds.size;
  await goOn(world);

  expect(hearing).toBe(0);
  expect(ofKind(world, 'lease.open')).toHaveLength(2);
  expect(new Set(ofKind(world, 'refusal').map(({ processor }) => processor))).toEqual(
    new Set(['scribe', 'collector', 'coach']),
  );
});

test('a refused processor is asked about again when what it was refused for has changed', async () => {
  const world = makeWorld();
  world.set({
    decide: (_id, _entrypoint, input) =>
      input.consent?.state === 'denied' ? { allow: false, code: 'policy_denied' } : { allow: true, code: 'allowed' },
  });
  const denied = { ...revision, tenants: [{ ...tenant, ...DENIED }] };
  await followCall(world.deps, denied, callFact(), { isResumed: false });

  reloadCalls(world.deps, next());
  await settle();

  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual(['scribe', 'collector']);
});

test('what is decided while the configuration changes is not acted upon', async () => {
  const world = makeWorld();
  world.set({ ledgerHolds: true });
  void followCall(world.deps, revision, callFact(), { isResumed: false });
  await settle();

  reloadCalls(world.deps, next(without(collector.id)));
  world.set({ ledgerHolds: false });
  world.letLedger();
  await settle();
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(world.trace).not.toContain('feed.open:collector');
  expect(world.trace.filter((step) => step === 'feed.open:scribe')).toHaveLength(1);
  expect(ofKind(world, 'gap').map(({ processor }) => processor)).not.toContain('collector');
  expect(await verifyWorld(world)).toEqual([]);
});

test('a change that is no matter of AI leaves hearing as it is, and the next question knows it', async () => {
  const world = makeWorld();
  const fact = await begin(world);

  reloadCalls(world.deps, next({ nextHops: [], onMediaUnavailable: 'reject' }));
  await settle();

  expect(world.trace).toEqual([]);
  expect(world.deps.calls.get(fact.call)?.revision.revision).toBe(2);
});

test('another policy asks about everybody of its tenant, and of no other', async () => {
  const world = makeWorld();
  await begin(world);

  reloadCallsOf(world.deps, 'other' as typeof tenant.id);
  const untouched = world.openFeeds.size;
  reloadCallsOf(world.deps, tenant.id);
  const touched = world.openFeeds.size;
  await goOn(world);

  expect([untouched, touched, world.openFeeds.size]).toEqual([2, 0, 2]);
});

test('what is said while readers are asked about anew waits, and is released to whoever may still read', async () => {
  const world = makeWorld();
  const fact = await begin(world);

  reloadCalls(world.deps, next({ jurisdictions: ['US'] }));
  governSegment(world.deps, segment(fact, 'hello'));
  await settle();
  await pause(world);

  expect(world.events.find(({ kind }) => kind === 'release')).toMatchObject({ text: 'HELLO' });
  expect(ofKind(world, 'gap').filter(({ processor }) => processor === 'coach')).toEqual([]);
});

test('a reader that is gone gets nothing that was said before, nor what was on its way', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'held'));
  await settle();
  world.set({ ledgerHolds: true });
  endTurnsByPauseAfter(world);
  await settle();

  reloadCalls(world.deps, next(without(coach.id)));
  world.set({ ledgerHolds: false });
  world.letLedger();
  governSegment(world.deps, segment(fact, 'later'));
  await pause(world);

  expect(world.trace).not.toContain('send:coach');
  expect(ofKind(world, 'release.outcome')).toMatchObject([{ outcome: 'cancelled', sent_bytes: 0 }]);
  expect(await verifyWorld(world)).toEqual([]);
});

test('a reader that has become another is sent nothing of what the one before was told', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'for the first'));
  await pause(world);
  const sold = { ...coach, url: 'http://127.0.0.1:2', legalEntity: 'y' };

  reloadCalls(world.deps, next({}, [scribe, collector, sold]));
  await settle();

  expect(world.deps.calls.get(fact.call)?.history.of(coach.id)).toEqual([]);
});

test('a reader that is new in the middle of a turn gets nothing that was said before, and nobody loses by him', async () => {
  const world = makeWorld();
  const fact = callFact();
  const adviser = { ...coach, id: asProcessorId('adviser') };
  await followCall(world.deps, { ...revision, processors: [scribe, collector, coach] }, fact, { isResumed: false });
  governSegment(world.deps, segment(fact, 'before'));
  world.clock.advance(1000);
  await settle();

  reloadCalls(world.deps, next({ processors: [...tenant.processors, adviser.id] }, [...revision.processors, adviser]));
  await settle();
  governSegment(world.deps, { ...segment(fact, ' after'), startMs: 1100, endMs: 1200 });
  await pause(world);

  const releases = world.events.flatMap((event) => (event.kind === 'release' ? [[event.processor, event.text]] : []));
  expect(new Map(releases as [string, string][])).toEqual(
    new Map([
      ['coach', 'BEFORE AFTER'],
      ['adviser', 'AFTER'],
    ]),
  );
  expect(ofKind(world, 'gap')).toEqual([]);
});

test('two changes one after the other cost a reader nothing that he may read after both', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'before'));
  await settle();

  reloadCalls(world.deps, next({ jurisdictions: ['US'] }));
  reloadCalls(world.deps, next({ jurisdictions: ['EU'] }));
  governSegment(world.deps, segment(fact, ' after'));
  await pause(world);

  expect(world.events.find(({ kind }) => kind === 'release')).toMatchObject({ text: 'BEFORE AFTER' });
});

test('a tenant that wants its speech redacted otherwise has it so in living calls, and what was held is not given out', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'before'));
  await settle();

  reloadCalls(world.deps, next({ redaction: { ...tenant.redaction, defaultAction: 'mask' } }));
  await settle();
  governSegment(world.deps, segment(fact, 'after'));
  await pause(world);

  expect(Object.values(world.plans())).toEqual([{ actions: {}, defaultAction: 'mask' }]);
  expect(world.events.find(({ kind }) => kind === 'release')).toMatchObject({ text: 'AFTER' });
  expect(ofKind(world, 'gap')).toMatchObject([{ processor: 'coach', reason: 'policy' }]);
});

test('words redacted under a plan that holds no longer reach nobody, and are a gap', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'held'));
  await settle();
  world.set({ decide: () => ({ allow: true, code: 'allowed', obligations: { redact: { CARD: 'mask' } } }) });

  reloadCalls(world.deps, next({ jurisdictions: ['US'] }));
  await pause(world);

  expect(world.trace).not.toContain('send:coach');
  expect(ofKind(world, 'gap').filter(({ processor }) => processor === 'coach')).toMatchObject([{ reason: 'policy' }]);
});

function segment(fact: CallFact, text: string) {
  const [leg] = fact.legs;
  if (leg?.stream === undefined) throw new Error('a leg with a stream');
  const { stream } = leg.stream;
  const span = { startMs: 100, endMs: 400 };
  const id = newId('segment');
  return {
    segment: id,
    call: fact.call,
    leg: leg.leg,
    stream,
    processor: scribe.id,
    final: true,
    text,
    words: [],
    ...span,
  };
}

function endTurnsByPauseAfter(world: World): void {
  world.clock.advance(2000);
  endTurnsByPause(world.deps);
}

async function pause(world: World): Promise<void> {
  await settle();
  endTurnsByPauseAfter(world);
  await settle();
}
