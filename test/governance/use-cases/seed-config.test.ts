import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog, type Log } from '../../../src/base/log.ts';
import { readDocumentValue } from '../../../src/config/read-document.ts';
import { ConfigError } from '../../../src/config/problem.ts';
import { storeBundleOf } from '../../../src/governance/use-cases/store-bundle.ts';
import { newestOrSeed } from '../../../src/governance/use-cases/seed-config.ts';
import { packedFixture, fixtureBundle } from '../policy/fixtures.ts';
import { documentOf, makeConfigWorld, principal, writtenTenant, type ConfigWorld } from './config-world.ts';
import { ofKind } from './world.ts';

const FALLBACK = readDocumentValue(documentOf([writtenTenant('trial', 1)]));
const SECURITY = principal(['security']);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-seed-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function seed(world: ConfigWorld, written?: object, log: Log = world.deps.log) {
  const { store, deps } = world;
  const readSeed = () => (written === undefined ? undefined : readDocumentValue(written));
  return newestOrSeed({ store, ledger: deps.ledger, clock: deps.clock, log, readSeed, fallback: FALLBACK });
}

test('an empty database begins with the seed, or with what a node without one has', async () => {
  const [seeded, bare] = [makeConfigWorld(), makeConfigWorld()];

  expect(await seed(seeded, documentOf([writtenTenant('acme', 1)]))).toMatchObject({ revision: 1, author: 'seed' });
  expect(JSON.parse((await seed(bare)).document.toString())).toMatchObject({ tenants: [{ id: 'trial' }] });
});

test('a seed is used once: later it is ignored, even when it is broken', async () => {
  const world = makeConfigWorld();
  const first = await seed(world, documentOf([writtenTenant('acme', 1)]));

  const second = await seed(world, documentOf([writtenTenant('other', 1)]));
  const third = await newestOrSeed({
    store: world.store,
    ledger: world.deps.ledger,
    clock: world.deps.clock,
    log: createLog({ name: 'test', level: 'silent' }),
    readSeed: () => {
      throw new ConfigError('INVALID', []);
    },
    fallback: FALLBACK,
  });

  expect([second, third]).toEqual([first, first]);
  expect(world.store.rows).toHaveLength(1);
});

test('of two nodes that start at once with different seeds one is first, and both go by that', async () => {
  const world = makeConfigWorld();

  const [one, other] = await Promise.all([
    seed(world, documentOf([writtenTenant('acme', 1)])),
    seed(world, documentOf([writtenTenant('globex', 2)])),
  ]);

  expect(one).toEqual(other);
});

test('bundles beside the seed are stored with it; one that is not what was named leaves its tenant without', async () => {
  const world = makeConfigWorld();
  const { path, sha256 } = fixtureBundle('brief');
  const other = join(folder, 'other.tar.gz');
  writeFileSync(other, 'no bundle');

  await seed(
    world,
    documentOf([
      writtenTenant('acme', 1, { policy: { bundle: path, sha256 } }),
      writtenTenant('globex', 2, { policy: { bundle: path, sha256: '0'.repeat(64) } }),
      writtenTenant('third', 3, { policy: { bundle: other, sha256: digestOf('no bundle') } }),
      writtenTenant('fourth', 4, { policy: { bundle: join(folder, 'absent'), sha256: '1'.repeat(64) } }),
    ]),
  );

  expect([...world.store.bundles.keys()]).toEqual([sha256]);
  expect(ofKind(world, 'policy.delivered')).toMatchObject([{ sha256, actor: 'node' }]);
  expect(world.store.rows[0]?.document.toString()).not.toContain(folder);
});

test('a bundle is recorded before it is stored, and once it is there it stays as it is', async () => {
  const world = makeConfigWorld();
  const { bytes, sha256 } = packedFixture('brief');
  const store = storeBundleOf({ store: world.store, ledger: world.deps.ledger, clock: world.deps.clock });
  world.set({ ledgerFails: true });
  await expect(store(SECURITY, sha256, Buffer.from(bytes))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const before = world.store.bundles.size;
  world.set({ ledgerFails: false });

  const first = await store(SECURITY, sha256, Buffer.from(bytes));
  const second = await store(SECURITY, sha256, Buffer.from(bytes));

  expect(before).toBe(0);
  expect(first).toEqual({ sha256, size_bytes: bytes.length, isNew: true });
  expect(second.isNew).toBe(false);
  expect(ofKind(world, 'policy.delivered')[0]).toEqual({
    kind: 'policy.delivered',
    sha256,
    size_bytes: bytes.length,
    actor: SECURITY.token,
  });
});

test('what is no bundle, or not the one that was named, is neither recorded nor stored', async () => {
  const world = makeConfigWorld();
  const store = storeBundleOf({ store: world.store, ledger: world.deps.ledger, clock: world.deps.clock });
  const { bytes } = packedFixture('brief');
  const tooLarge = Buffer.alloc(2 * 1024 * 1024 + 1);

  for (const [sha256, sent] of [
    ['0'.repeat(64), Buffer.from(bytes)],
    [digestOf('no bundle'), Buffer.from('no bundle')],
    [digestOf(tooLarge), tooLarge],
  ] as const) {
    await expect(store(SECURITY, sha256, sent)).rejects.toMatchObject({ code: 'INVALID' });
  }
  const { sha256 } = packedFixture('brief');
  for (const who of [principal(['ops']), principal(['admin']), principal(['auditor'])]) {
    await expect(store(who, sha256, Buffer.from(bytes))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  }

  expect(world.store.bundles.size).toBe(0);
  expect(world.entries).toEqual([]);
});

function digestOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
