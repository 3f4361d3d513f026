import { expect, test } from 'vitest';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { InferOutcome } from '../../../src/processors/processor.ts';
import { callFact, coach, makeWorld, ofKind, revision, segment, settle, type World } from './world.ts';

const texts = { ...revision, processors: [coach] };

test('the request is durable before a byte of the release is sent, and the outcome follows', async () => {
  const world = makeWorld();
  const fact = await begin(world);

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  const order = ['entry:release.request', 'send:coach', 'entry:release.outcome', 'entry:emit'].map((step) =>
    world.trace.indexOf(step),
  );
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('what is released is what redaction gave, and no event or entry holds the raw text', async () => {
  const world = makeWorld();
  const fact = await begin(world);

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(world.events.find(({ kind }) => kind === 'release')).toMatchObject({ text: 'HELLO' });
  expect(JSON.stringify([world.entries, world.events])).not.toContain('hello');
});

test('when the ledger does not take the request nothing is sent, and that is a gap', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ ledgerFails: true });

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(world.trace).not.toContain('send:coach');
  expect(world.entries.filter(({ kind }) => kind === 'gap')).toMatchObject([{ reason: 'ledger_unavailable' }]);
});

test('a release the policy refuses is not sent, and is a refusal and a gap', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({
    decide: (_id, entrypoint) =>
      entrypoint === 'release' ? { allow: false, code: 'policy_denied' } : { allow: true, code: 'allowed' },
  });

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(world.trace).not.toContain('send:coach');
  expect(world.entries.map(({ kind }) => kind)).toContain('refusal');
  expect(world.entries.filter(({ kind }) => kind === 'gap')).toMatchObject([{ reason: 'policy' }]);
});

test('an obligation to mask all sends nothing that was said', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ decide: () => ({ allow: true, code: 'allowed', obligations: { tighten: 'mask_all' } }) });

  governSegment(world.deps, segment(fact, 'hello there'));
  await pause(world);

  expect(world.events.find(({ kind }) => kind === 'release')).toMatchObject({ text: '[…] […]' });
});

test('a leg nobody may read is neither redacted nor released', async () => {
  const world = makeWorld();
  world.set({ decide: () => ({ allow: false, code: 'policy_denied' }) });
  const fact = await begin(world);

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(world.trace).not.toContain('entry:release.request');
});

test('the end of a call releases what was still held and closes the account', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  governSegment(world.deps, segment(fact, 'goodbye'));

  const ending = endCall(world.deps, fact.call, 'bye');
  await settle();
  await ending;

  expect(world.trace.indexOf('send:coach')).toBeLessThan(world.trace.indexOf('entry:call.close'));
  expect(world.trace).toContain('send:coach');
  expect(world.deps.calls.size).toBe(0);
});

test('a model that hangs holds up the end of a call for a bounded time, and what still waits for it is a gap, not sent', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ infer: untilCancelled });
  for (const words of ['one', 'two', 'three']) {
    governSegment(world.deps, segment(fact, words));
    await pause(world);
  }

  const ending = endCall(world.deps, fact.call, 'bye');
  for (let seconds = 0; seconds < 16 && world.deps.calls.size > 0; seconds += 1) {
    await settle();
    world.clock.advance(1000);
  }
  await ending;

  // The first is given up after its 10 s, the second when the call's time is over, the third never goes.
  expect(world.trace.filter((step) => step === 'send:coach')).toHaveLength(2);
  expect(ofKind(world, 'release.outcome')).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'cancelled' }]);
  expect(ofKind(world, 'gap').map(({ reason }) => reason)).toEqual(['processor_down']);
  expect(world.trace.at(-1)).toBe('entry:call.close');
});

test('a model that does not answer is shown as unavailable, and no longer once it does', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ infer: () => Promise.resolve({ kind: 'unavailable', sentBytes: 0 }) });
  governSegment(world.deps, segment(fact, 'one'));
  await pause(world);
  expect(world.deps.conditions.raised).toEqual(['processor.unavailable:coach']);

  world.set({ infer: () => Promise.resolve({ kind: 'empty', sentBytes: 9 }) });
  governSegment(world.deps, segment(fact, 'two'));
  await pause(world);

  expect(world.deps.conditions.raised).toEqual([]);
});

test('a request that found our own queue full says nothing about the processor', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ infer: () => Promise.resolve({ kind: 'unavailable', sentBytes: 0, untried: true }) });

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(ofKind(world, 'release.outcome')).toMatchObject([{ outcome: 'unavailable' }]);
  expect(world.deps.conditions.raised).toEqual([]);
});

test('a release the policy drops is recorded with the decision that dropped it', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ decide: () => ({ allow: true, code: 'allowed', obligations: { tighten: 'drop' } }) });

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);

  expect(world.trace).not.toContain('send:coach');
  expect(ofKind(world, 'refusal')).toMatchObject([{ processor: 'coach', decision: { entrypoint: 'release' } }]);
});

test('an answer that takes longer than 10 s is given up while the call goes on', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ infer: untilCancelled });

  governSegment(world.deps, segment(fact, 'hello'));
  await pause(world);
  expect(world.trace).not.toContain('entry:release.outcome');
  world.clock.advance(10_000);
  await settle();

  expect(world.trace).toContain('entry:release.outcome');
  expect(world.deps.calls.size).toBe(1);
});

async function begin(world: World): Promise<CallFact> {
  const fact = callFact({ startedUs: undefined });
  await followCall(world.deps, texts, fact, { isResumed: false });
  return fact;
}

async function pause(world: World): Promise<void> {
  await settle();
  world.clock.advance(2000);
  endTurnsByPause(world.deps);
  await settle();
}

/** As a real one: it answers nothing, and gives up when it is told to. */
function untilCancelled(signal: AbortSignal): Promise<InferOutcome> {
  return new Promise((resolve) => {
    const end = (): void => resolve({ kind: 'cancelled', sentBytes: 10 });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
