import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asProcessorId, asTenantId, newId, type TenantId } from '../../../src/base/ids.ts';
import { EventHub } from '../../../src/governance/insights/event-hub.ts';
import type { Delivery, EarshotEvent } from '../../../src/governance/insights/events.ts';
import { eventWatchOf } from '../../../src/governance/use-cases/watch-events.ts';
import type { Principal } from '../../../src/model/access.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import { LedgerError, type LogName, type Receipt } from '../../../src/governance/ledger/ledger.ts';
import { local, principal } from './switchboard.ts';
import { settle } from './world.ts';

const acme = asTenantId('acme');
const beta = asTenantId('beta');
const CONDITION: EarshotEvent = { kind: 'condition', name: 'ledger.unavailable', state: 'raised' };

test('a token sees its own tenants’ events and no others’, nor what is of no tenant', async () => {
  const scene = makeScene();
  const seen = await scene.watch(principal('ops', ['acme']));

  for (const event of [call(acme), call(beta), CONDITION, insight(beta), call(acme)]) scene.hub.publish(event);
  await settle();

  expect(seen.map((delivery) => ('tenant' in delivery ? delivery.tenant : delivery.kind))).toEqual(['acme', 'acme']);
});

test('a token of every tenant sees all of it', async () => {
  const scene = makeScene();
  const seen = await scene.watch(principal('ops'));

  for (const event of [call(acme), CONDITION, call(beta)]) scene.hub.publish(event);
  await settle();

  expect(seen.map(({ kind }) => kind)).toEqual(['call', 'condition', 'call']);
});

test.each([
  ['an auditor is shown the redacted text', principal('auditor'), ['[NAME] called', '[NAME] called', '[NAME] called']],
  ['ops is told that something was said', principal('ops'), [undefined, undefined, undefined]],
  ['security is told that something was said', principal('security', ['acme']), [undefined, undefined, undefined]],
] as const)('%s', async (_who, who, texts) => {
  const scene = makeScene();
  const seen = await scene.watch(who);

  scene.hub.publish(release(acme));
  scene.hub.publish(insight(acme));
  scene.hub.publish(partial(acme));
  await settle();

  expect(seen).toMatchObject([
    { kind: 'release', entities: { NAME: 1 } },
    { kind: 'insight', entities: {} },
    { kind: 'partial', role: 'customer' },
  ]);
  expect(seen.map((delivery) => ('text' in delivery ? delivery.text : undefined))).toEqual(texts);
  if (texts[0] === undefined) expect(JSON.stringify(seen)).not.toContain('called');
});

test('the read is durable before the first delivery, in the log of every tenant of the token', async () => {
  const scene = makeScene();
  scene.hold();
  const watching = scene.watch(principal('ops', ['acme', 'beta']));
  scene.hub.publish(call(acme));
  await settle();
  const before = scene.open();

  scene.letGo();
  const seen = await watching;
  await settle();

  expect(before).toBe(2);
  expect(seen).toHaveLength(1);
  expect(scene.entries.map(([log, { kind }]) => [log, kind])).toEqual([
    ['acme', 'read'],
    ['beta', 'read'],
  ]);
});

test('a token of every tenant is recorded with a tenant before anything of that tenant is shown', async () => {
  const scene = makeScene();
  const seen = await scene.watch(principal('ops'));
  scene.hub.publish(call(acme));
  await settle();
  scene.hold();

  scene.hub.publish(call(beta));
  await settle();
  const shownBefore = seen.length;
  scene.letGo();
  await settle();

  expect(shownBefore).toBe(1);
  expect(seen).toHaveLength(2);
  expect(scene.entries.map(([log]) => log)).toEqual(['system', 'acme', 'beta']);
});

test('without a ledger nobody watches', async () => {
  const scene = makeScene();
  scene.fail();

  await expect(scene.watch(principal('ops'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(scene.hub.subscribe()).toBeDefined();
});

test('whoever goes away is noted with what he was shown, once', async () => {
  const scene = makeScene();
  await scene.watch(principal('ops', ['acme']));
  scene.hub.publish(call(acme));
  scene.hub.publish(call(acme));
  await settle();

  scene.leave();
  await settle();

  expect(scene.entries.at(-1)).toMatchObject(['acme', { kind: 'read.done', rows: 2, outcome: 'complete' }]);
  expect(scene.entries.filter(([, { kind }]) => kind === 'read.done')).toHaveLength(1);
});

test('what others do costs a watcher nothing', async () => {
  const scene = makeScene();
  const subscription = scene.hub.subscribe({
    capacity: 2,
    accepts: (event) => 'tenant' in event && event.tenant === acme,
  });

  scene.hub.publish(call(acme));
  for (let count = 0; count < 10; count += 1) scene.hub.publish(call(beta));
  scene.hub.publish(call(acme));

  expect(await subscription?.next()).toMatchObject({ kind: 'call', seq: 1 });
  expect(await subscription?.next()).toMatchObject({ kind: 'call', seq: 12 });
});

test.each([
  ['the node’s own socket', local],
  ['an admin', principal('admin')],
])('%s may not watch', async (_who, who) => {
  const scene = makeScene();

  await expect(scene.watch(who)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(scene.entries).toEqual([]);
});

interface Scene {
  readonly hub: EventHub;
  readonly entries: [LogName, EntryBody][];
  /** Resolves when the watching has begun; deliveries gather in what it gives. */
  watch(who: Principal): Promise<Delivery[]>;
  leave(): void;
  hold(): void;
  letGo(): void;
  fail(): void;
  /** Appends that wait. */
  open(): number;
}

function makeScene(): Scene {
  const hub = new EventHub(new ManualClock());
  const entries: [LogName, EntryBody][] = [];
  const held: (() => void)[] = [];
  const gone = new AbortController();
  let mode: 'take' | 'hold' | 'fail' = 'take';
  const watch = eventWatchOf({
    hub,
    random: (sizeBytes) => new Uint8Array(sizeBytes).fill(entries.length + 1),
    ledger: {
      isAvailable: true,
      append: (log, body) =>
        new Promise((resolve, reject) => {
          const take = (): void => {
            entries.push([log, body]);
            resolve({} as Receipt);
          };
          if (mode === 'fail') reject(new LedgerError('UNAVAILABLE', 'down'));
          else if (mode === 'hold') held.push(take);
          else take();
        }),
      note: (log, body) => entries.push([log, body]),
    },
  });
  return {
    hub,
    entries,
    async watch(who) {
      const seen: Delivery[] = [];
      const deliveries = await watch(who, { since: 0, signal: gone.signal });
      void (async () => {
        for await (const delivery of deliveries) seen.push(delivery);
      })();
      return seen;
    },
    leave: () => gone.abort(),
    hold: () => (mode = 'hold'),
    letGo: () => {
      mode = 'take';
      for (const take of held.splice(0)) take();
    },
    fail: () => (mode = 'fail'),
    open: () => held.length,
  };
}

function call(tenant: TenantId): EarshotEvent {
  return { kind: 'call', call: newId('call'), tenant, state: 'started' };
}

function release(tenant: TenantId): EarshotEvent {
  const processor = asProcessorId('coach');
  const where = { call: newId('call'), tenant, leg: newId('leg'), role: 'customer', processor };
  return { kind: 'release', ...where, release: newId('release'), text: '[NAME] called', entities: { NAME: 1 } };
}

function partial(tenant: TenantId): EarshotEvent {
  const where = { call: newId('call'), tenant, leg: newId('leg'), role: 'customer', startMs: 0, endMs: 100 };
  return { kind: 'partial', ...where, text: '[NAME] called' };
}

function insight(tenant: TenantId): EarshotEvent {
  const where = { call: newId('call'), tenant, processor: asProcessorId('coach') };
  return { kind: 'insight', ...where, insight: newId('insight'), text: '[NAME] called', entities: {} };
}
