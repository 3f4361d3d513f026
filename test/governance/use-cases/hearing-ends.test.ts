import { newId } from '../../../src/base/ids.ts';
import { expect, test } from 'vitest';
import type { LeaseId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import {
  listenAgain,
  onAudioEvent,
  onAudioWorkerDied,
  onTapMessage,
} from '../../../src/governance/use-cases/follow-tap.ts';
import { leaveCalls } from '../../../src/governance/use-cases/leave-calls.ts';
import { renewLeases } from '../../../src/governance/use-cases/renew-leases.ts';
import type { CallFact, StreamFact } from '../../../src/model/call.ts';
import { callFact, feedClosed, makeWorld, ofKind, revision, scribe, settle, verifyWorld } from './world.ts';

const oneProcessor = { ...revision, processors: [scribe] };

test('a lease that ran out while the ledger was away is closed, not renewed past its end, and the ledger verifies', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, oneProcessor, fact, { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.set({ ledgerFails: true });
  world.clock.advance(16_000);
  renewLeases(world.deps);
  await settle();

  // Back a moment too late: between two looks the lease ran out.
  world.clock.advance(14_500);
  world.set({ ledgerFails: false });
  renewLeases(world.deps);
  await settle();
  feedClosed(world, opened!.lease, { reason: 'ledger_unavailable', capturedThroughMs: 30_000, bytes: 900_000 });
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'lease.renew')).toEqual([]);
  expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'ledger_unavailable' }]);
  expect(ofKind(world, 'lease.open')).toMatchObject([{ from_ms: 0 }, { from_ms: 31_500 }]);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'ledger_unavailable', from_ms: 30_000, to_ms: 31_500 }]);
  expect(await verifyWorld(world)).toEqual([]);
});

test('a lease closed while its renewal is on the way repeats what the renewal granted, once that is known', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, oneProcessor, fact, { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.clock.advance(16_000);
  world.set({ ledgerHolds: true });
  renewLeases(world.deps);

  const ending = endCall(world.deps, fact.call, 'bye');
  feedClosed(world, opened!.lease, { reason: 'end', capturedThroughMs: 16_000, bytes: 512_000 });
  expect(ofKind(world, 'lease.close')).toEqual([]);
  world.letLedger();
  await settle();
  world.clock.advance(100);
  await ending;

  const [renewed] = ofKind(world, 'lease.renew');
  expect(ofKind(world, 'lease.close')).toMatchObject([{ max_bytes: renewed!.max_bytes, bytes: 512_000 }]);
  expect(world.trace).not.toContain('feed.extend');
  expect(world.trace.at(-1)).toBe('entry:call.close');
  expect(await verifyWorld(world)).toEqual([]);
});

test('a hole lasts from where hearing stopped, however many attempts to take it up again came to nothing', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  world.clock.advance(4000);
  world.set({ workerTakesFeeds: false });
  onAudioWorkerDied(world.deps, { taps: [...world.taps], leases: [...world.openFeeds] });

  for (const ms of [1000, 2000]) {
    world.clock.advance(ms);
    listenAgain(world.deps);
    await settle();
  }
  world.set({ workerTakesFeeds: true });
  world.clock.advance(4000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'audio_worker_restart', from_ms: 0, to_ms: 11_000 }]);
  expect(ofKind(world, 'lease.close').map(({ reason }) => reason)).toEqual([
    'audio_worker_restart',
    'unused',
    'unused',
  ]);
});

test('a processor that stayed silent until the end of the call leaves a gap up to there', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, oneProcessor, fact, { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.clock.advance(5000);
  onAudioEvent(world.deps, { kind: 'feed.down', lease: opened!.lease as LeaseId, reason: 'refused' });
  feedClosed(world, opened!.lease, { reason: 'processor_down', capturedThroughMs: 2000, bytes: 64_000 });

  world.clock.advance(7000);
  await endCall(world.deps, fact.call, 'bye');

  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'processor_down', from_ms: 2000, to_ms: 12_000 }]);
  expect(world.trace.at(-1)).toBe('entry:call.close');
});

test('a processor denied when it was to hear again leaves a gap up to the denial', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  const [tap] = [...world.taps];
  const [opened] = ofKind(world, 'lease.open');
  onTapMessage(world.deps, {
    kind: 'tap.ended',
    tap: tap!,
    stream: newId('stream'),
    reason: 'lapsed',
    frames: 0,
    dropped: 0,
  });
  feedClosed(world, opened!.lease, { reason: 'tap_lapsed', capturedThroughMs: 0, bytes: 0 });
  world.set({ decide: () => ({ allow: false, code: 'policy_denied' }) });

  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'tap_lapsed', from_ms: 0, to_ms: 1000 }]);
  expect(ofKind(world, 'refusal')).toHaveLength(1);
});

test('a call that ends while the policy is asked opens no lease', async () => {
  const world = makeWorld();
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const { policy } = world.deps;
  const decide: typeof policy.decide = (...question) => asked.then(() => policy.decide(...question));
  const slow = { ...world.deps, policy: { decide } };
  const fact = callFact();
  const following = followCall(slow, oneProcessor, fact, { isResumed: false });

  const ending = endCall(slow, fact.call, 'bye');
  answer();
  await following;
  world.clock.advance(100);
  await ending;

  expect(ofKind(world, 'lease.open')).toEqual([]);
  expect(world.trace.at(-1)).toBe('entry:call.close');
});

test('words that went by while a lease was made durable are a gap, from the asking to the hearing', async () => {
  const world = makeWorld();
  world.set({ ledgerHolds: true });
  const following = followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  await settle();

  world.clock.advance(2000);
  world.letLedger();
  await following;

  expect(ofKind(world, 'lease.open')).toMatchObject([{ from_ms: 0 }]);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'ledger_unavailable', from_ms: 0, to_ms: 2000 }]);
});

test('a call that ends while its lease is made durable closes it as unused, before its own account', async () => {
  const world = makeWorld();
  world.set({ ledgerHolds: true });
  const fact = callFact();
  const following = followCall(world.deps, oneProcessor, fact, { isResumed: false });
  await settle();

  const ending = endCall(world.deps, fact.call, 'bye');
  await settle();
  world.letLedger();
  await following;
  world.clock.advance(100);
  await ending;

  expect(world.trace).not.toContain('feed.open:scribe');
  expect(world.trace.slice(-3)).toEqual(['entry:lease.open', 'entry:lease.close', 'entry:call.close']);
  expect(await verifyWorld(world)).toEqual([]);
});

test('a stream that becomes another in a re-INVITE is heard no further before the policy allowed that one too', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, oneProcessor, fact, { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.set({
    decide: (_processor, _entrypoint, input) =>
      input.stream?.secure === true ? { allow: true, code: 'allowed' } : { allow: false, code: 'policy_denied' },
  });

  await followCall(world.deps, oneProcessor, withStream(fact, { secure: false }), { isResumed: false });
  expect(world.trace.slice(-2)).toEqual(['feed.close', 'tap.close']);
  feedClosed(world, opened!.lease, { reason: 'policy_change', capturedThroughMs: 0, bytes: 0 });
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'lease.open')).toHaveLength(1);
  expect(ofKind(world, 'refusal')).toMatchObject([{ processor: 'scribe', decision: { code: 'policy_denied' } }]);
});

test('a stream that becomes another while the policy is asked is asked about again, and never heard by two leases', async () => {
  const world = makeWorld();
  const fact = callFact();
  world.set({ ledgerHolds: true });
  const following = followCall(world.deps, oneProcessor, fact, { isResumed: false });
  await settle();

  await followCall(world.deps, oneProcessor, withStream(fact, { secure: false }), { isResumed: false });
  world.set({ ledgerHolds: false });
  world.letLedger();
  await following;
  expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'unused', bytes: 0 }]);
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(world.openFeeds.size).toBe(1);
  expect(ofKind(world, 'lease.open')).toHaveLength(2);
});

test('a re-INVITE that only puts the call on hold changes nothing', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, oneProcessor, fact, { isResumed: false });
  const before = world.trace.length;

  await followCall(world.deps, oneProcessor, withStream(fact, { direction: 'inactive' }), { isResumed: false });

  expect(world.trace).toHaveLength(before);
});

test('a processor given up is shown as unavailable until a connection to it opens', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  const lease = ofKind(world, 'lease.open')[0]!.lease as LeaseId;

  onAudioEvent(world.deps, { kind: 'feed.down', lease, reason: 'refused' });
  expect(world.deps.conditions.raised).toEqual(['processor.unavailable:scribe']);
  onAudioEvent(world.deps, { kind: 'feed.opened', lease });

  expect(world.deps.conditions.raised).toEqual([]);
  expect(world.events.filter(({ kind }) => kind === 'condition')).toHaveLength(2);
});

test('a lease whose account nobody can tell is closed over everything it may have sent', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  const lease = ofKind(world, 'lease.open')[0]!.lease as LeaseId;
  onAudioEvent(world.deps, {
    kind: 'feed.progress',
    lease,
    use: { capturedThroughMs: 3500, bytes: 112_000 },
    waitingMs: 0,
  });
  world.clock.advance(4000);

  onAudioWorkerDied(world.deps, { taps: [...world.taps], leases: [...world.openFeeds] });

  expect(ofKind(world, 'lease.close')).toMatchObject([{ bytes: 'unknown', captured_through_ms: 4000 }]);
});

test('governance that stops accounts for what was heard and records where the hole begins', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.clock.advance(3000);
  feedClosed(world, opened!.lease, { reason: 'governance_restart', capturedThroughMs: 2900, bytes: 90_000 });

  await leaveCalls(world.deps);

  expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'governance_restart', bytes: 90_000 }]);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'governance_restart', from_ms: 2900, to_ms: 3000 }]);
});

test('governance that stops having heard everything records the hole all the same: the call goes on without it', async () => {
  const world = makeWorld();
  await followCall(world.deps, oneProcessor, callFact(), { isResumed: false });
  const [opened] = ofKind(world, 'lease.open');
  world.clock.advance(3000);
  feedClosed(world, opened!.lease, { reason: 'governance_restart', capturedThroughMs: 3000, bytes: 96_000 });

  await leaveCalls(world.deps);

  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'governance_restart', from_ms: 3000, to_ms: 3001 }]);
});

function withStream(fact: CallFact, change: Partial<StreamFact>): CallFact {
  return {
    ...fact,
    legs: fact.legs.map((leg) => (leg.stream === undefined ? leg : { ...leg, stream: { ...leg.stream, ...change } })),
  };
}
