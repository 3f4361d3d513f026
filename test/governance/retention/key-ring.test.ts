import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId, systemRandom, type TenantId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { KeyRing } from '../../../src/governance/retention/key-ring.ts';
import { deriveRoot } from '../../../src/reader/read-root.ts';
import { makeTenantPair } from '../../../src/reader/tenant-pair.ts';
import type { PublicKeyRow } from '../../../src/store/tenant-keys.ts';

const ACME = asTenantId('acme');
const GLOBEX = asTenantId('globex');
const root = deriveRoot(systemRandom(32));

function rowOf(tenant: string, version = 1, under = root): PublicKeyRow {
  return makeTenantPair(under, { tenant, version, madeMs: 1, random: systemRandom });
}

interface World {
  tenants: readonly TenantId[];
  rows: readonly PublicKeyRow[];
  signer: Uint8Array | undefined;
  fails: boolean;
  loads: number;
}

function makeRing(tenants: readonly TenantId[], rows: PublicKeyRow[]) {
  const clock = new ManualClock();
  const world: World = { tenants, rows, signer: root.signing.publicKey, fails: false, loads: 0 };
  const missing = new Set<TenantId>();
  const ring = new KeyRing({
    tenants: () => world.tenants,
    load: () => {
      world.loads += 1;
      return world.fails ? Promise.reject(new Error('down')) : Promise.resolve(world.rows);
    },
    signer: () => world.signer,
    onMissing: (tenant, isMissing) => {
      if (isMissing) missing.add(tenant);
      else missing.delete(tenant);
    },
    clock,
    log: silentLog,
  });
  return { ring, world, clock, missing };
}

test('a tenant that keeps and has no key is missing, until its key is there', async () => {
  const { ring, world, clock, missing } = makeRing([ACME], []);
  ring.start();
  await settle();
  expect([...missing]).toEqual([ACME]);

  world.rows = [rowOf('acme')];
  clock.advance(1000);
  await settle();

  expect(ring.missing).toEqual([]);
  expect([...missing]).toEqual([]);
  expect(ring.find(ACME)?.version).toBe(1);
});

test('a tenant that begins to keep is noticed within a second', async () => {
  const { ring, world, clock } = makeRing([], [rowOf('acme')]);
  ring.start();
  await settle();
  expect(world.loads).toBe(0);

  world.tenants = [ACME];
  clock.advance(1000);
  await settle();

  expect(ring.find(ACME)).toBeDefined();
});

test('a key that the reader did not sign is none, whoever put it there', async () => {
  const stranger = deriveRoot(systemRandom(32));
  const forged = [rowOf('acme', 1, stranger), { ...rowOf('globex'), public_key: rowOf('acme').public_key }];
  const { ring } = makeRing([ACME, GLOBEX], forged);

  await ring.look();

  expect(ring.missing).toEqual([ACME, GLOBEX]);
});

test('another tenant’s signed key is not taken for one’s own', async () => {
  const { ring } = makeRing([ACME], [{ ...rowOf('globex'), tenant: 'acme' }]);

  await ring.look();

  expect(ring.find(ACME)).toBeUndefined();
});

test('without the reader’s own key no key is believed', async () => {
  const { ring, world } = makeRing([ACME], [rowOf('acme')]);
  world.signer = undefined;

  await ring.look();

  expect(ring.missing).toEqual([ACME]);
});

test('a newer key takes the place of an older one, and never the other way round', async () => {
  const { ring, world, clock } = makeRing([ACME], [rowOf('acme', 1)]);
  const versions: (number | undefined)[] = [];

  for (const version of [1, 2, 1]) {
    world.rows = [rowOf('acme', version)];
    await ring.look();
    versions.push(ring.find(ACME)?.version);
    clock.advance(61_000);
  }

  expect(world.loads).toBe(3);
  expect(versions).toEqual([1, 2, 2]);
});

test('a database that is away takes no key away', async () => {
  const { ring, world, clock } = makeRing([ACME], [rowOf('acme')]);
  await ring.look();

  world.fails = true;
  clock.advance(61_000);
  await ring.look();

  expect(world.loads).toBe(2);
  expect(ring.find(ACME)).toBeDefined();
});

test('keys of tenants that keep no more are forgotten, and not looked for', async () => {
  const { ring, world, clock, missing } = makeRing([ACME], []);
  ring.start();
  await settle();

  world.tenants = [];
  clock.advance(1000);
  const loads = world.loads;
  clock.advance(120_000);
  await settle();

  expect([...missing]).toEqual([]);
  expect(world.loads).toBe(loads);
  ring.stop();
});

test('with every key there the database is asked once a minute', async () => {
  const { ring, world, clock } = makeRing([ACME], [rowOf('acme')]);
  ring.start();
  await settle();

  clock.advance(59_000);
  await settle();
  expect(world.loads).toBe(1);
  clock.advance(2000);
  await settle();

  expect(world.loads).toBe(2);
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
