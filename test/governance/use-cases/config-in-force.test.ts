import { afterEach, expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import type { FromGovernance } from '../../../src/link/messages.ts';
import { begunWith, documentOf, writtenProcessor, writtenTenant, type ConfigWorld } from './config-world.ts';
import { callFact, ofKind, settle } from './world.ts';

const SCRIBE = writtenProcessor('scribe');
const ACME = writtenTenant('acme', 1, { processors: ['scribe'] });
const GLOBEX = writtenTenant('globex', 2);
const CHECK_MS = 3000;

const watching: (() => void)[] = [];

afterEach(() => {
  for (const stop of watching.splice(0)) stop();
});

/** Lets this node look for what others have done. */
async function check(world: ConfigWorld): Promise<void> {
  world.clock.advance(CHECK_MS);
  await settle();
}

async function watched(document: unknown): Promise<ConfigWorld> {
  const world = await begunWith(document);
  watching.push(world.inForce.watch());
  return world;
}

function routes(world: ConfigWorld): Extract<FromGovernance, { kind: 'routes' }>[] {
  return world.sentToCallPlane.flatMap((message) => (message.kind === 'routes' ? [message] : []));
}

test('the entry is durable before anything is routed by a revision', async () => {
  const world = await begunWith(documentOf([ACME], [SCRIBE]));

  expect(world.trace.slice(0, 2)).toEqual(['entry:config.revision', 'routes']);
  expect(ofKind(world, 'config.revision')).toMatchObject([
    { revision: 1, author: 'seed', reason: 'at start: first start' },
  ]);
});

test('what another node has applied is taken up within seconds, and recorded here too', async () => {
  const world = await watched(documentOf([ACME], [SCRIBE]));
  world.store.put(documentOf([ACME, GLOBEX], [SCRIBE]), { author: 'k_1', reason: 'more' });

  await check(world);
  await check(world);

  expect(world.inForce.revision?.revision).toBe(2);
  expect(ofKind(world, 'config.revision').at(-1)).toMatchObject({ author: 'k_1', reason: 'taken up: more' });
  expect(routes(world).map(({ snapshot }) => snapshot.tenants.length)).toEqual([1, 2]);
});

test('policies are loaded for tenants whose policy is another, and for nobody else', async () => {
  const world = await watched(documentOf([ACME, GLOBEX], [SCRIBE]));
  const sha256 = world.store.deliver('good');
  world.store.put(documentOf([ACME, writtenTenant('globex', 2, { policy: { sha256 } })], [SCRIBE]));

  await check(world);

  expect(world.host.given).toEqual(['acme: default', 'globex: default', 'globex: good']);
});

test('a call hears on under the policy it had until the next one is loaded, and is then asked about anew', async () => {
  const world = await watched(documentOf([ACME], [SCRIBE]));
  const { revision } = world.inForce;
  if (revision === undefined) throw new Error('in force');
  await followCall(world.deps, revision, { ...callFact(), tenant: asTenantId('acme') }, { isResumed: false });
  const policy = { sha256: world.store.deliver('good') };
  world.store.put(documentOf([{ ...ACME, policy }], [SCRIBE]));

  await check(world);

  expect(world.trace.filter((step) => step === 'feed.close')).toHaveLength(1);
  expect(world.openFeeds.size).toBe(0);
});

test('an endless policy of one tenant holds up neither another’s nor the next change', async () => {
  const world = await watched(documentOf([ACME, GLOBEX], [SCRIBE]));
  const [endless, good] = [world.store.deliver('endless'), world.store.deliver('good')];
  const policyOf = (sha256: string): object => ({ policy: { sha256 } });
  world.store.put(
    documentOf(
      [
        { ...ACME, ...policyOf(endless) },
        { ...GLOBEX, ...policyOf(good) },
      ],
      [SCRIBE],
    ),
  );

  await check(world);
  const loaded = [...world.host.given];
  world.clock.advance(10_000);
  await settle();
  world.store.put(
    documentOf(
      [
        { ...ACME, ...policyOf(good) },
        { ...GLOBEX, ...policyOf(good) },
      ],
      [SCRIBE],
    ),
  );
  await check(world);

  expect(loaded.slice(2)).toEqual(['acme: endless', 'globex: good']);
  expect(world.host.given.slice(4)).toEqual(['acme: good']);
  expect(world.inForce.revision?.revision).toBe(3);
});

test('what was named before it was delivered is loaded once it is', async () => {
  const world = await watched(documentOf([{ ...ACME, policy: { sha256: '0'.repeat(64) } }], [SCRIBE]));
  await check(world);
  const before = world.inForce.conditions;
  world.store.bundles.set('0'.repeat(64), {
    sha256: '0'.repeat(64),
    bytes: Buffer.from('good'),
    delivered_by: 'node',
    at_ms: 1,
  });

  await check(world);
  await check(world);

  expect(before).toEqual(['policy_invalid:acme']);
  expect(world.inForce.conditions).toEqual([]);
  expect(world.host.given).toEqual(['acme: not_stored', 'acme: good']);
  expect(ofKind(world, 'policy.invalid')).toHaveLength(1);
});

test('the policy of a tenant that is gone is forgotten when its last call has ended', async () => {
  const world = await watched(documentOf([ACME, GLOBEX], [SCRIBE]));
  const { revision } = world.inForce;
  if (revision === undefined) throw new Error('in force');
  const fact = { ...callFact(), tenant: asTenantId('acme') };
  await followCall(world.deps, revision, fact, { isResumed: false });
  world.store.put(documentOf([], [SCRIBE]));

  await check(world);
  const meanwhile = [...world.host.removed];
  const call = world.deps.calls.get(fact.call);
  if (call !== undefined) world.deps.calls.remove(call);
  await check(world);

  expect(meanwhile).toEqual(['globex']);
  expect(world.host.removed).toEqual(['globex', 'acme']);
});

test('a tenant of another node’s interface is left out here and said', async () => {
  const elsewhere = writtenTenant('far', 3, { route: { ingress: 'far', egress: 'far', next: ['sip:127.0.0.1'] } });
  const world = await watched(documentOf([ACME], [SCRIBE]));
  world.store.put(documentOf([ACME, elsewhere], [SCRIBE]));

  await check(world);

  expect(world.inForce.conditions).toEqual(['no_interface:far']);
  expect(
    routes(world)
      .at(-1)
      ?.snapshot.tenants.map(({ id }) => id),
  ).toEqual(['acme']);
});

test('a revision that this release cannot read leaves the one before in force, and says so once', async () => {
  const world = await watched(documentOf([ACME], [SCRIBE]));
  world.store.put(documentOf([GLOBEX]), { document: Buffer.from('{"version":2}') });

  await check(world);
  await check(world);
  const raised = [...world.deps.conditions.raised];
  world.store.put(documentOf([GLOBEX]));
  await check(world);

  expect(raised).toEqual(['config.unreadable']);
  expect(world.inForce.revision?.revision).toBe(3);
  expect(world.deps.conditions.raised).toEqual([]);
});

test('a document whose bytes are not what was recorded is not put in force', async () => {
  const world = await watched(documentOf([ACME], [SCRIBE]));
  const { document } = world.store.put(documentOf([GLOBEX]));
  world.store.rows.pop();
  world.store.put(documentOf([writtenTenant('third', 3)]), { document });

  await check(world);

  expect(world.inForce.revision?.revision).toBe(1);
});

test('without a database everything goes on as it is', async () => {
  const world = await watched(documentOf([ACME], [SCRIBE]));
  world.store.isDown = true;

  await check(world);
  world.store.isDown = false;
  world.store.put(documentOf([GLOBEX]));
  await check(world);

  expect(world.inForce.revision?.revision).toBe(2);
});

test('more changes than can wait are refused at once', async () => {
  const world = await begunWith(documentOf([ACME], [SCRIBE]));
  const never = (): Promise<void> => new Promise(() => undefined);

  const waiting = Array.from({ length: 16 }, () => world.inForce.exclusively(never));

  await expect(world.inForce.exclusively(never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(waiting).toHaveLength(16);
});
