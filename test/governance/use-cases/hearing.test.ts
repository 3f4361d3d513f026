import { newId } from '../../../src/base/ids.ts';
import { expect, test } from 'vitest';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import {
  listenAgain,
  onAudioEvent,
  onAudioWorkerDied,
  onTapMessage,
} from '../../../src/governance/use-cases/follow-tap.ts';
import { renewLeases, renewTaps } from '../../../src/governance/use-cases/renew-leases.ts';
import { callFact, collector, makeWorld, ofKind, revision, scribe, settle } from './world.ts';

test('the lease is durable before the tap is opened and the feed let run', async () => {
  const world = makeWorld();

  await followCall(world.deps, revision, callFact(), { isResumed: false });

  const order = ['entry:lease.open', 'tap.open', 'feed.open:scribe'].map((step) => world.trace.indexOf(step));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
});

test('two processors of one stream share one tap and have a lease each', async () => {
  const world = makeWorld();

  await followCall(world.deps, revision, callFact(), { isResumed: false });

  expect(world.trace.filter((step) => step === 'tap.open')).toHaveLength(1);
  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual(['scribe', 'collector']);
});

test('a denied processor has a refusal and neither lease nor feed', async () => {
  const world = makeWorld();
  world.set({
    decide: (id) => (id === 'collector' ? { allow: false, code: 'policy_denied' } : { allow: true, code: 'allowed' }),
  });

  await followCall(world.deps, revision, callFact(), { isResumed: false });

  expect(ofKind(world, 'refusal').map(({ processor }) => processor)).toEqual([collector.id]);
  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual([scribe.id]);
  expect(world.trace).not.toContain('feed.open:collector');
});

test('when the ledger does not take the lease nothing is opened, and hearing begins when it is back, with a gap', async () => {
  const world = makeWorld();
  world.set({ ledgerFails: true });
  const fact = callFact();
  await followCall(world.deps, revision, fact, { isResumed: false });
  expect(world.trace.filter((step) => step !== 'entry:call.open')).toEqual([]);

  world.set({ ledgerFails: false });
  world.clock.advance(5000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'lease.open')).toHaveLength(2);
  expect(ofKind(world, 'gap')).toMatchObject([
    { reason: 'ledger_unavailable', from_ms: 0, to_ms: 5000 },
    { reason: 'ledger_unavailable', from_ms: 0, to_ms: 5000 },
  ]);
});

test('a stream that has not started is not listened to', async () => {
  const world = makeWorld();

  await followCall(world.deps, revision, callFact({ startedUs: undefined }), { isResumed: false });

  expect(ofKind(world, 'lease.open')).toEqual([]);
});

test('a lease never reaches more than 30 s ahead, and is renewed before it runs out', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  world.clock.advance(16_000);
  renewLeases(world.deps);
  await settle();

  const opened = ofKind(world, 'lease.open')[0];
  const renewed = ofKind(world, 'lease.renew')[0];
  expect(opened).toMatchObject({ from_ms: 0, through_ms: 30_000 });
  expect(renewed).toMatchObject({ n: 1, captured_through_ms: 16_000, through_ms: 46_000 });
  expect(world.trace).toContain('feed.extend');
});

test('a lease the ledger cannot renew runs out, and its processor is silent until the ledger is back', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  world.set({ ledgerFails: true });

  world.clock.advance(29_000);
  renewLeases(world.deps);
  await settle();
  expect(world.trace).not.toContain('feed.extend');
  world.clock.advance(2000);
  renewLeases(world.deps);

  expect(world.trace.filter((step) => step === 'feed.close')).toHaveLength(2);
});

test('an account is written as the worker tells it, and the tap is closed with the last feed', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  for (const { lease, stream, processor } of ofKind(world, 'lease.open')) {
    const use = { capturedThroughMs: 1200.4, bytes: 38_400 };
    onAudioEvent(world.deps, { kind: 'feed.closed', lease, stream, processor, reason: 'end', use } as never);
  }

  expect(ofKind(world, 'lease.close')).toMatchObject([
    { processor: 'scribe', bytes: 38_400, captured_through_ms: 1200 },
    { processor: 'collector', bytes: 38_400 },
  ]);
  expect(world.trace).toContain('tap.close');
  expect(world.taps.size).toBe(0);
});

test('when an audio worker dies its leases are closed as unknown, and hearing is taken up under new ones', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  onAudioWorkerDied(world.deps, { taps: [...world.taps], leases: [...world.openFeeds] });
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(ofKind(world, 'lease.close').map(({ bytes }) => bytes)).toEqual(['unknown', 'unknown']);
  expect(ofKind(world, 'lease.open')).toHaveLength(4);
  expect(ofKind(world, 'gap').map(({ reason }) => reason)).toEqual(['audio_worker_restart', 'audio_worker_restart']);
});

test('a tap that lapsed closes its feeds; one we closed ourselves changes nothing', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const [tap] = [...world.taps];

  onTapMessage(world.deps, {
    kind: 'tap.ended',
    tap: tap!,
    stream: newId('stream'),
    reason: 'lapsed',
    frames: 0,
    dropped: 0,
  });
  onTapMessage(world.deps, {
    kind: 'tap.ended',
    tap: tap!,
    stream: newId('stream'),
    reason: 'lapsed',
    frames: 0,
    dropped: 0,
  });

  expect(world.trace.filter((step) => step === 'feed.close')).toHaveLength(2);
});

test('a renewal moves the deadline of every running tap by an absolute time', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  renewTaps(world.deps);

  const renewal = world.sentToCallPlane.find((message) => message.kind === 'tap.renew');
  expect(renewal).toMatchObject({ taps: [...world.taps], deadlineUs: world.clock.monoUs() + 5_000_000 });
});

test('an answer that did not come in time is asked for again, and every one of them is recorded', async () => {
  const world = makeWorld();
  let asked = 0;
  world.set({
    decide: () => {
      asked += 1;
      return asked === 1 ? { allow: false, code: 'policy_deadline' } : { allow: true, code: 'allowed' };
    },
  });
  const following = followCall(world.deps, { ...revision, processors: [scribe] }, callFact(), { isResumed: false });
  await settle();
  world.clock.advance(250);
  await following;

  expect(ofKind(world, 'refusal').map(({ decision }) => decision.code)).toEqual(['policy_deadline']);
  expect(ofKind(world, 'lease.open')).toHaveLength(1);
});
