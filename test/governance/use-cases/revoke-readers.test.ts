import { expect, test } from 'vitest';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain } from '../../../src/governance/use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { lift } from '../../../src/governance/use-cases/lift.ts';
import { streamsOf } from '../../../src/governance/use-cases/live-view.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { InferOutcome } from '../../../src/processors/processor.ts';
import { BY_COACH, local, principal, switchboard } from './switchboard.ts';
import { callFact, coach, makeWorld, ofKind, revision, scribe, segment, settle, type World } from './world.ts';

const texts = { ...revision, processors: [coach] };
const ops = principal('ops');

test('a request under way is aborted at once, counts what it sent, and leads to no insight', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  const aborted: boolean[] = [];
  world.set({
    infer: (signal) =>
      new Promise<InferOutcome>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted.push(true);
          resolve({ kind: 'cancelled', sentBytes: 7 });
        });
      }),
  });
  await say(world, fact, 'hello', 0);

  const acting = silence(world.deps, switchboard(world), local, BY_COACH);
  const abortedAtReturn = aborted.length;
  await acting;
  await settle();

  expect(abortedAtReturn).toBe(1);
  expect(ofKind(world, 'release.outcome')).toMatchObject([{ outcome: 'cancelled', sent_bytes: 7 }]);
  expect(ofKind(world, 'emit')).toEqual([]);
});

test('an answer that comes after all leads to no insight', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  let answer: (outcome: InferOutcome) => void = () => undefined;
  world.set({ infer: () => new Promise((resolve) => (answer = resolve)) });
  await say(world, fact, 'hello', 0);

  await silence(world.deps, switchboard(world), local, BY_COACH);
  answer({ kind: 'answered', text: 'too late', sentBytes: 7 });
  await settle();

  expect(ofKind(world, 'emit')).toEqual([]);
});

test('a request that is durable and not sent is not sent, and its outcome says so', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ ledgerHolds: true });
  await say(world, fact, 'hello', 0);

  await silence(world.deps, switchboard(world), local, BY_COACH);
  world.letLedger();
  await settle();

  expect(world.trace).not.toContain('send:coach');
  expect(world.events.filter(({ kind }) => kind === 'release')).toEqual([]);
  expect(ofKind(world, 'release.outcome')).toMatchObject([{ outcome: 'cancelled', sent_bytes: 0 }]);
});

test('what waits in line and what is said later is not released; all of it is one mark from its beginning to the end', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  world.set({ infer: untilCancelled });
  for (const startMs of [0, 2000, 4000]) await say(world, fact, 'words', startMs);
  const board = switchboard(world);

  await silence(world.deps, board, local, BY_COACH);
  await settle();
  await say(world, fact, 'later', 7000);
  const [stream] = streamsOf(world.deps.calls.all()[0]!);
  const ending = endCall(world.deps, fact.call, 'bye');
  for (let second = 0; second < 20; second += 1) {
    await settle();
    world.clock.advance(1000);
  }
  await ending;

  expect(world.trace.filter((step) => step === 'send:coach')).toHaveLength(1);
  expect(stream?.read_by).toEqual([]);
  expect(ofKind(world, 'release.request')).toHaveLength(1);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'revoked', processor: 'coach', from_ms: 2000 }]);
});

test('after a lift policy is asked anew, and only what is said from then on is released', async () => {
  const world = makeWorld();
  const fact = await begin(world);
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_COACH);
  governSegment(world.deps, segment(fact, 'secret', 500));
  world.clock.advance(1000);

  await lift(world.deps, board, ops, revocation);
  await settle();
  // The turn that began while he was silenced ends after it.
  await pause(world);
  const sentOfBefore = world.trace.filter((step) => step === 'send:coach').length;
  await say(world, fact, 'open', 5000);

  expect(sentOfBefore).toBe(0);
  expect(world.events.flatMap((event) => (event.kind === 'release' ? [event.text] : []))).toEqual(['OPEN']);
  expect(world.events.filter((event) => event.kind === 'decision' && event.entrypoint === 'stream')).toHaveLength(2);
  expect(ofKind(world, 'gap').map(({ reason }) => reason)).toEqual(['revoked', 'revoked']);
});

test('a reader of a call that began while he was silenced is taken up after the lift', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_COACH);
  const fact = await begin(world);
  world.clock.advance(1000);

  await lift(world.deps, board, ops, revocation);
  await settle();
  await say(world, fact, 'open', 5000);

  expect(world.trace).toContain('send:coach');
});

test('a switch turned there and back while policy thinks leaves the reader to be asked about again', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  const fact = callFact();
  const following = followCall(world.deps, texts, fact, { isResumed: false });

  const { revocation } = await silence(world.deps, board, local, BY_COACH);
  await lift(world.deps, board, ops, revocation);
  await following;
  const readAtFirst = streamsOf(world.deps.calls.all()[0]!)[0]?.read_by;
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(readAtFirst).toEqual([]);
  expect(streamsOf(world.deps.calls.all()[0]!)[0]?.read_by).toEqual(['coach']);
});

test('the other readers of a leg read on, and its redaction does not begin anew for them', async () => {
  const world = makeWorld();
  const opened: unknown[] = [];
  const { redaction } = world.deps;
  const open: typeof redaction.open = (...args) => {
    opened.push(args);
    redaction.open(...args);
  };
  const deps = { ...world.deps, redaction: { ...redaction, open } };
  const other = { ...coach, id: scribe.id };
  const tenants = { ...revision, processors: [coach, other] };
  const fact = callFact();
  await followCall(deps, tenants, fact, { isResumed: false });
  const board = switchboard(world);

  const { revocation } = await silence(deps, board, local, BY_COACH);
  governSegment(deps, segment(fact, 'hello'));
  await pause(world);
  world.clock.advance(1000);
  await lift(deps, board, ops, revocation);
  await settle();

  expect(world.trace.filter((step) => step.startsWith('send:'))).toEqual(['send:scribe']);
  expect(opened).toHaveLength(1);
});

async function begin(world: World): Promise<CallFact> {
  const fact = callFact();
  await followCall(world.deps, texts, fact, { isResumed: false });
  return fact;
}

async function say(world: World, fact: CallFact, text: string, startMs: number): Promise<void> {
  governSegment(world.deps, segment(fact, text, startMs));
  await pause(world);
}

async function pause(world: World): Promise<void> {
  await settle();
  world.clock.advance(1300);
  endTurnsByPause(world.deps);
  await settle();
}

function untilCancelled(signal: AbortSignal): Promise<InferOutcome> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'cancelled', sentBytes: 0 }));
  });
}
