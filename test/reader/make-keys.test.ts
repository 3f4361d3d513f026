import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { LedgerError, type Receipt } from '../../src/governance/ledger/ledger.ts';
import type { EntryBody } from '../../src/model/evidence.ts';
import { makeMissingKeys, type MakeKeysDeps } from '../../src/reader/make-keys.ts';
import { deriveRoot } from '../../src/reader/read-root.ts';
import { makeTenantPair, openTenantPair } from '../../src/reader/tenant-pair.ts';
import type { TenantKeyRow } from '../../src/store/schema.ts';

const root = deriveRoot(systemRandom(32));

function makeWorld(document: unknown) {
  const rows: TenantKeyRow[] = [];
  const entries: { readonly log: string; readonly body: EntryBody }[] = [];
  const world = { rows, entries, storedAtEntry: -1, ledgerFails: false };
  const deps: MakeKeysDeps = {
    root,
    clock: new ManualClock(),
    random: systemRandom,
    ledger: {
      isAvailable: true,
      append(log, body) {
        if (world.ledgerFails) return Promise.reject(new LedgerError('UNAVAILABLE', 'down'));
        entries.push({ log, body });
        world.storedAtEntry = rows.length;
        return Promise.resolve({} as Receipt);
      },
      note: () => undefined,
    },
    store: {
      document: () => Promise.resolve(document === undefined ? undefined : Buffer.from(JSON.stringify(document))),
      tenants: () => Promise.resolve(rows.map(({ tenant }) => tenant)),
      pairs: (tenant) => Promise.resolve(rows.filter((row) => row.tenant === tenant)),
      async addFirstPair(tenant, make) {
        if (rows.some((row) => row.tenant === tenant)) return false;
        rows.push(await make());
        return true;
      },
    },
  };
  return { world, deps };
}

const keeps = (id: string, keep: boolean) => ({ id, retention: { transcripts: { keep, days: 30 } } });

test('every tenant that keeps gets a pair, once, and nobody else', async () => {
  const { world, deps } = makeWorld({ tenants: [keeps('acme', true), keeps('globex', false), { id: 'initech' }] });

  expect(await makeMissingKeys(deps)).toBe(1);
  expect(await makeMissingKeys(deps)).toBe(0);

  expect(world.rows.map(({ tenant, version }) => [tenant, version])).toEqual([['acme', 1]]);
  expect(openTenantPair(root, world.rows[0]!).kind).toBe('pair');
});

test('that a key is made is in the tenant’s log before it is stored, with the hash of its public half', async () => {
  const { world, deps } = makeWorld({ tenants: [keeps('acme', true)] });

  await makeMissingKeys(deps);

  const public_hash = createHash('sha256').update(world.rows[0]!.public_key).digest('hex');
  expect(world.entries).toEqual([
    { log: 'acme', body: { kind: 'key.made', purpose: 'tenant', version: 1, public_hash } },
  ]);
  expect(world.storedAtEntry).toBe(0);
});

test('a key that cannot be recorded is not stored', async () => {
  const { world, deps } = makeWorld({ tenants: [keeps('acme', true)] });
  world.ledgerFails = true;

  await expect(makeMissingKeys(deps)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(world.rows).toEqual([]);
});

test('no key is made under a second root-read beside those of another', async () => {
  const { world, deps } = makeWorld({ tenants: [keeps('acme', true), keeps('globex', true)] });
  const stranger = deriveRoot(systemRandom(32));
  world.rows.push(makeTenantPair(stranger, { tenant: 'globex', version: 1, madeMs: 1, random: systemRandom }));

  expect(await makeMissingKeys(deps)).toBe('foreign');
  expect(world.rows).toHaveLength(1);
  expect(world.entries).toEqual([]);
});

test('an empty database needs no keys', async () => {
  const { deps } = makeWorld(undefined);

  expect(await makeMissingKeys(deps)).toBe(0);
});
