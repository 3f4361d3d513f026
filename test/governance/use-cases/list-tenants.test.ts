import { expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listTenantsOf } from '../../../src/governance/use-cases/list-tenants.ts';
import { tenantPage } from '../../../src/model/api/config.ts';
import { begunWith, documentOf, principal, writtenTenant, type ConfigWorld } from './config-world.ts';
import { callFact, ofKind } from './world.ts';

function listOf({ deps, host, inForce }: ConfigWorld) {
  const { calls, ledger, random } = deps;
  return listTenantsOf({ inForce, host, calls, ledger, random, isSilenced: (tenant) => tenant === 'globex' });
}

test('tenants are shown with their policy and their living calls, to whoever may see them', async () => {
  const world = await begunWith(
    documentOf([
      writtenTenant('acme', 1),
      writtenTenant('globex', 2, { policy: { sha256: '0'.repeat(64) } }),
      writtenTenant('third', 3),
    ]),
  );
  const { revision } = world.inForce;
  if (revision === undefined) throw new Error('in force');
  await followCall(world.deps, revision, { ...callFact(), tenant: asTenantId('acme') }, { isResumed: false });

  const page = await listOf(world)(principal(['ops']));

  expect(tenantPage.parse(page).items).toMatchObject([
    {
      tenant: 'acme',
      next: ['sip:127.0.0.1:5070'],
      live_calls: 1,
      revoked: false,
      policy: { state: 'active', origin: 'default' },
    },
    {
      tenant: 'globex',
      live_calls: 0,
      revoked: true,
      policy: { state: 'refused', origin: 'file', bundle: '0'.repeat(64), code: 'NOT_STORED' },
    },
    { tenant: 'third', live_calls: 0 },
  ]);
});

test('whoever has some tenants sees those, and that is recorded in their logs before it is seen', async () => {
  const world = await begunWith(documentOf([writtenTenant('acme', 1), writtenTenant('globex', 2)]));
  const list = listOf(world);

  const page = await list(principal(['auditor'], ['globex', 'nowhere']));

  expect(page.items.map(({ tenant }) => tenant)).toEqual(['globex']);
  expect(ofKind(world, 'read')).toHaveLength(2);
  expect(ofKind(world, 'read.done').map(({ rows }) => rows)).toEqual([1, 1]);
  world.set({ ledgerFails: true });
  await expect(list(principal(['auditor']))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
