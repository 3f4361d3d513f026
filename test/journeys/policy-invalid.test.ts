import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  const { path } = fixtureBundle('brief');
  stage = await buildStage([], { policy: { bundle: path, sha256: '0'.repeat(64) } });
});

afterAll(() => stage.stop());

test('a bundle that is not the one that was named lets calls through and no AI near them, and says so', async () => {
  const call = await stage.dial();
  await until('both sides hear each other', () =>
    [call.out, call.incoming].every(({ counts }) => counts.received > 50),
  );
  await until(
    'every processor was refused for every stream',
    async () => ofKind(await stage.entries(), 'refusal').length === 6,
  );
  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 1);
  const entries = await stage.entries();

  expect(ofKind(entries, 'policy.invalid')).toMatchObject([{ log: 'acme', code: 'not_stored' }]);
  expect(new Set(ofKind(entries, 'refusal').map(({ decision }) => decision.code))).toEqual(new Set(['policy_invalid']));
  expect(ofKind(entries, 'lease.open')).toEqual([]);
  expect([...stage.recogniser.connections, ...stage.refused.connections]).toEqual([]);
  expect(stage.chat.requests).toEqual([]);
  expect(ofKind(entries, 'call.close')).toMatchObject([{ heard_by: [] }]);
  expect(stage.node.supervisor.readiness()).toMatchObject({
    ready: true,
    conditions: ['governance: policy_invalid:acme'],
  });
  expect((await stage.verify()).findings).toEqual([]);
});
