import { expect, test } from 'vitest';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain } from '../../../src/governance/use-cases/follow-tap.ts';
import { lift } from '../../../src/governance/use-cases/lift.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import { BY_SCRIBE, BY_TENANT, local, principal, switchboard } from './switchboard.ts';
import { callFact, feedClosed, makeWorld, ofKind, revision, settle } from './world.ts';

const ops = principal('ops');

test('the end is durable before policy is asked anew, and hearing goes on under a new lease with the hole recorded', async () => {
  const world = makeWorld();
  await followCall(world.deps, { ...revision, processors: revision.processors.slice(0, 1) }, callFact(), {
    isResumed: false,
  });
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_SCRIBE);
  const [lease] = ofKind(world, 'lease.open');
  feedClosed(world, lease!.lease, { reason: 'revoked', capturedThroughMs: 0, bytes: 0 });
  world.clock.advance(3000);
  world.trace.length = 0;

  await lift(world.deps, board, ops, revocation);
  await settle();

  expect(world.trace.filter((step) => step.startsWith('entry') || step.startsWith('feed'))).toEqual([
    'entry:revoke',
    'entry:lease.open',
    'feed.open:scribe',
    'entry:gap',
  ]);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'revoked', from_ms: 0, to_ms: 3000 }]);
  expect(ofKind(world, 'lease.open').at(-1)).toMatchObject({ from_ms: 3000 });
  expect(board.list.all).toEqual([]);
  expect(board.stored.at(-1)).toEqual([]);
});

test('a policy that says no after the lift is obeyed', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_TENANT);
  for (const { lease } of ofKind(world, 'lease.open')) {
    feedClosed(world, lease, { reason: 'revoked', capturedThroughMs: 0, bytes: 0 });
  }
  world.clock.advance(1000);
  world.set({ decide: () => ({ allow: false, code: 'policy_denied' }) });

  await lift(world.deps, board, ops, revocation);
  await settle();

  expect(world.openFeeds.size).toBe(0);
  expect(ofKind(world, 'refusal')).toHaveLength(3);
  expect(ofKind(world, 'gap')).toHaveLength(3);
});

test('without a ledger nothing is lifted', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_TENANT);
  await settle();
  world.set({ ledgerFails: true });

  const lifting = lift(world.deps, board, ops, revocation);

  await expect(lifting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(board.list.inForce).toHaveLength(1);
  expect(world.openFeeds.size).toBe(0);
});

test('what two revocations cover is heard only after both are lifted', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  const one = await silence(world.deps, board, local, BY_SCRIBE);
  const other = await silence(world.deps, board, local, BY_TENANT);
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  world.clock.advance(1000);

  await lift(world.deps, board, ops, other.revocation);
  await settle();
  const afterOne = ofKind(world, 'lease.open').map(({ processor }) => processor);
  world.clock.advance(1000);
  await lift(world.deps, board, ops, one.revocation);
  await settle();

  expect(afterOne).toEqual(['collector']);
  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual(['collector', 'scribe']);
});

test('a question that was under way is not acted upon, even when the switch was turned back before its answer', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  world.set({ ledgerHolds: true });
  const following = followCall(world.deps, revision, callFact(), { isResumed: false });
  await settle();

  const { revocation } = await silence(world.deps, board, local, BY_TENANT);
  const lifting = lift(world.deps, board, ops, revocation);
  world.letLedger();
  await settle();
  world.letLedger();
  await Promise.all([following, lifting]);
  const openedBefore = world.openFeeds.size;
  world.set({ ledgerHolds: false });
  world.clock.advance(1000);
  listenAgain(world.deps);
  await settle();

  expect(openedBefore).toBe(0);
  expect(world.openFeeds.size).toBe(2);
  expect(ofKind(world, 'lease.open')).toHaveLength(4);
});

test.each([
  ['the node’s own socket', local, 'FORBIDDEN'],
  ['an auditor', principal('auditor'), 'FORBIDDEN'],
  ['ops of another tenant', principal('ops', ['beta']), 'NOT_FOUND'],
] as const)('%s lifts nothing', async (_who, who, code) => {
  const world = makeWorld();
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_TENANT);

  const refused = lift(world.deps, board, who, revocation);

  await expect(refused).rejects.toMatchObject({ code });
  expect(board.list.inForce).toHaveLength(1);
});

test('of two who lift the same one, the second is told that it is over', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_TENANT);

  const both = await Promise.allSettled([1, 2].map(() => lift(world.deps, board, ops, revocation)));

  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

test('what is silenced again while its lift waits for the ledger stays silent, and the logs say so once more', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const board = switchboard(world);
  const { revocation } = await silence(world.deps, board, local, BY_TENANT);
  await settle();
  world.set({ ledgerHolds: true });

  const lifting = lift(world.deps, board, ops, revocation);
  const again = await silence(world.deps, board, local, BY_TENANT);
  world.set({ ledgerHolds: false });
  world.letLedger();

  await expect(lifting).rejects.toMatchObject({ code: 'CONFLICT' });
  await settle();
  expect(again.revocation).toBe(revocation);
  expect(board.list.get(revocation)).toBeDefined();
  expect(world.openFeeds.size).toBe(0);
});
