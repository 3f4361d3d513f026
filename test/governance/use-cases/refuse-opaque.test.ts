import { expect, test } from 'vitest';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { callFact, makeWorld, ofKind, revision } from './world.ts';

test('a call whose media nobody can open is refused to each processor that hears, once, without asking its policy', async () => {
  const world = makeWorld();
  let asked = 0;
  world.set({ decide: () => ((asked += 1), { allow: true, code: 'allowed' }) });
  const { legs, ...fact } = callFact();
  const opaque = { ...fact, media: 'opaque' as const, legs: legs.map(({ leg, side, role }) => ({ leg, side, role })) };

  await followCall(world.deps, revision, opaque, { isResumed: false });
  await followCall(world.deps, revision, { ...opaque, state: 'confirmed' }, { isResumed: false });

  const hearing = revision.processors.filter(({ hears }) => hears !== 'text').map(({ id }) => id);
  expect(ofKind(world, 'refusal').map(({ processor, decision }) => [processor, decision.code])).toEqual(
    hearing.map((id) => [id, 'media_opaque']),
  );
  expect(ofKind(world, 'call.open')).toMatchObject([{ media: 'opaque' }]);
  expect([asked, world.taps.size]).toEqual([0, 0]);
});
