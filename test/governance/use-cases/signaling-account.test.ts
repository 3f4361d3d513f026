import { expect, test } from 'vitest';
import { newId, systemRandom } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { fromCallPlane } from '../../../src/link/messages.ts';
import { callFact, makeWorld, ofKind, revision, verifyWorld } from './world.ts';

const ACCOUNT = { messages: 10, digest: 'ab'.repeat(32), edits: { via: 5, 'sdp:m': 2 } };

test('what was said in signaling is closed into the ledger with the call, as a digest', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, { ...revision, processors: [] }, fact, { isResumed: false });

  await endCall(world.deps, fact.call, 'bye', ACCOUNT);

  expect(ofKind(world, 'call.close')).toMatchObject([{ reason: 'bye', signaling: ACCOUNT }]);
  expect(await verifyWorld(world)).toEqual([]);
});

test('it crosses the border as counts and a digest, and nothing else does', () => {
  const ended = { kind: 'call.ended', call: newId('call', systemRandom), tenant: 'acme', reason: 'bye' };

  expect(fromCallPlane.safeParse({ ...ended, signaling: ACCOUNT }).success).toBe(true);
  expect(fromCallPlane.safeParse(ended).success).toBe(true);
  expect(fromCallPlane.safeParse({ ...ended, signaling: { ...ACCOUNT, text: 'INVITE' } }).success).toBe(false);
  expect(fromCallPlane.safeParse({ ...ended, signaling: { ...ACCOUNT, digest: 'INVITE sip:a@b' } }).success).toBe(
    false,
  );
});
