import { expect, test } from 'vitest';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { callFact, makeWorld, ofKind, revision } from './world.ts';

test('a call whose SDP is signed is on record as such, once, and nobody hears it', async () => {
  const world = makeWorld();
  const { legs, ...fact } = callFact();
  const bare = legs.map(({ leg, side, role }) => ({ leg, side, role }));
  const signed = { ...fact, media: 'bypass' as const, signedMedia: 'passport_mky' as const, legs: bare };

  await followCall(world.deps, revision, signed, { isResumed: false });
  await followCall(world.deps, revision, { ...signed, state: 'confirmed' }, { isResumed: false });

  expect(ofKind(world, 'signed_sdp')).toMatchObject([{ call: fact.call, signature: 'passport_mky' }]);
  expect([ofKind(world, 'lease.open'), world.taps.size]).toEqual([[], 0]);
});

test('a call without a signature says nothing of one', async () => {
  const world = makeWorld();

  await followCall(world.deps, revision, callFact(), { isResumed: false });

  expect(ofKind(world, 'signed_sdp')).toEqual([]);
});
