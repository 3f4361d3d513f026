import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ApiClient } from '../../src/cli/api-client.ts';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { createSoftphone, type Softphone } from '../../src/demo/softphone/softphone.ts';
import { applyResult, bundleStored, revisionDetail, tenantPage, type ApplyResult } from '../../src/model/api/config.ts';
import type { Entry } from '../../src/model/evidence.ts';
import { fixtureBundle, type FixtureName } from '../governance/policy/fixtures.ts';
import { buildStage, drainCall, ofKind, until, type DialledCall, type Stage } from './support/stage.ts';

let stage: Stage;
/** Where calls go after the route has changed. */
let second: Softphone;
/** Adds tenants; and changes everything else. */
let admin: ApiClient;
let operator: ApiClient;

beforeAll(async () => {
  stage = await buildStage([{ text: 'hello there', startMs: 200, endMs: 900 }]);
  ({ admin } = stage.access);
  operator = await stage.access.issue('operator', ['ops', 'security']);
  second = await createSoftphone({
    clock: systemClock,
    log: silentLog,
    random: systemRandom,
    user: 'second',
    bind: { address: '127.0.0.1', sipPort: await freeUdpPort() },
    media: { codec: 'G722', security: 'sdes' },
  });
});

afterAll(async () => {
  await second.stop();
  await stage.stop();
});

test('two tenants go by policies of their own at once, and where one denies AI its calls connect and nobody hears', async () => {
  const [allowing, denying] = [await deliver('brief'), await deliver('wayward')];
  await change(admin, (tenants) => [...tenants, quietTenant(tenants)]);
  await change(operator, (tenants) =>
    tenants.map((tenant) =>
      tenant['id'] === 'quiet'
        ? {
            ...tenant,
            match: { ...part(tenant, 'match'), trusted: true },
            route: { ...part(tenant, 'route'), labels: ['behave'] },
            policy: { sha256: denying },
            consent: { state: 'granted', method: 'announcement', parties: 'all' },
            disclosure: { played: true },
            processors: ['scribe', 'collector', 'coach'],
          }
        : { ...tenant, policy: { sha256: allowing } },
    ),
  );
  const before = stage.recogniser.connections.length + stage.refused.connections.length;

  // The policy of this tenant denies where a label of the call says so.
  const quiet = await dial('sip:+4930-1234@127.0.0.1', { headers: ['behave: deny'] });
  await speak(quiet, 50);
  await until('everybody was refused', async () => refused(await stage.entries(), 'quiet').length === 6);
  const lost = await drainCall(quiet);
  await quiet.out.hangUp();
  const { items } = await stage.access.auditor.request({ path: '/v1/tenants', answer: tenantPage });

  expect(lost).toBe(0);
  expect(stage.recogniser.connections.length + stage.refused.connections.length).toBe(before);
  expect(stage.recogniser.bytesReceived + stage.chat.requests.length).toBe(0);
  expect(items.map(({ tenant, policy }) => [tenant, policy.state, policy.bundle])).toEqual([
    ['acme', 'active', allowing],
    ['quiet', 'active', denying],
  ]);
});

test('a configuration that changes in the middle of a call is nothing to the call: who is gone hears no more, and the next goes elsewhere', async () => {
  const call = await dial('sip:agent@127.0.0.1');
  await until('both streams are heard', () => stage.recogniser.bytesReceived > 2 * 32_000);

  const applied = await change(operator, (tenants) =>
    tenants.map((tenant) =>
      tenant['id'] === 'acme'
        ? {
            ...tenant,
            route: { ...part(tenant, 'route'), next: [`sip:127.0.0.1:${second.endpoint.port}`] },
            processors: ['collector'],
          }
        : tenant,
    ),
  );
  await until('both leases are settled', async () => closesOf(await stage.entries(), 'scribe').length === 2);
  const heard = stage.recogniser.bytesReceived;
  const spoken = call.out.counts.sent;
  await speak(call, spoken + 50);
  const next = await dial('sip:agent@127.0.0.1', { callee: second });
  await speak(next, 10);
  const lost = await drainCall(call);
  await Promise.all([next.out.hangUp(), call.out.hangUp()]);
  await until('both calls are closed', async () => ofKind(await stage.entries(), 'call.close').length === 3);
  const entries = await stage.entries();

  expect(applied).toMatchObject({ applied: true, warnings: [] });
  expect(lost).toBe(0);
  expect(stage.recogniser.bytesReceived).toBe(heard);
  expect(closesOf(entries, 'scribe').map(({ reason }) => reason)).toEqual(['policy_change', 'policy_change']);
  expect(closesOf(entries, 'scribe').reduce((sum, { bytes }) => sum + Number(bytes), 0)).toBe(heard);
  expect(ofKind(entries, 'config.revision').map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
  expect((await stage.verify()).findings).toEqual([]);
});

type Written = Record<string, unknown>;

/** Applies the document that stands with other tenants, as `who`. */
async function change(who: ApiClient, to: (tenants: readonly Written[]) => readonly Written[]): Promise<ApplyResult> {
  const { revision, document } = await stage.access.auditor.request({
    path: '/v1/config/revisions/current',
    answer: revisionDetail,
  });
  const tenants = to(document['tenants'] as readonly Written[]);
  return who.request({
    method: 'POST',
    path: '/v1/config/apply',
    body: { document: { ...document, tenants }, reason: 'a journey', base_revision: revision },
    answer: applyResult,
  });
}

/** Calls to +4930 from the same network, to the same callee, and no AI yet. */
function quietTenant([acme]: readonly Written[]): Written {
  const match = { sources: ['127.0.0.0/8'], dids: ['+4930'] };
  return { id: 'quiet', match, route: acme?.['route'], media: acme?.['media'] };
}

function part(tenant: Written, key: string): Written {
  return tenant[key] as Written;
}

async function deliver(name: FixtureName): Promise<string> {
  const bytes = readFileSync(fixtureBundle(name).path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await operator.request({ method: 'PUT', path: `/v1/bundles/${sha256}`, body: bytes, answer: bundleStored });
  return sha256;
}

async function dial(
  to: string,
  { callee = stage.callee, headers }: { readonly callee?: Softphone; readonly headers?: readonly string[] } = {},
): Promise<DialledCall> {
  const answered = callee.nextCall(10_000);
  const out = await stage.caller.dial({ to, via: stage.node.sip, deadlineMs: 10_000, headers });
  return { out, incoming: await answered };
}

function speak({ out, incoming }: DialledCall, packets: number): Promise<void> {
  return until('both sides hear each other', () => [out, incoming].every(({ counts }) => counts.received > packets));
}

/** Refusals by the tenant's own policy; one that only came too late is asked about again. */
function refused(entries: readonly Entry[], log: string): readonly Entry[] {
  return ofKind(entries, 'refusal').filter(
    ({ log: of, decision }) => of === log && decision.rules.some(({ rule }) => rule === 'refused'),
  );
}

function closesOf(entries: readonly Entry[], processor: string) {
  return ofKind(entries, 'lease.close').filter((close) => close.processor === processor);
}
