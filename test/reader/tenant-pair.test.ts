import { expect, test } from 'vitest';
import { systemRandom } from '../../src/base/ids.ts';
import { believeTenantKey } from '../../src/governance/retention/tenant-key.ts';
import { deriveRoot, wipeRoot } from '../../src/reader/read-root.ts';
import { isOfRoot, makeTenantPair, openTenantPair } from '../../src/reader/tenant-pair.ts';
import type { TenantKeyRow } from '../../src/store/schema.ts';

const root = deriveRoot(systemRandom(32));

function make(tenant = 'acme', version = 1, under = root): TenantKeyRow {
  return makeTenantPair(under, { tenant, version, madeMs: 7, random: systemRandom });
}

test('a pair opens under the root it was made under, and its public half is signed by it', () => {
  const row = make();

  const opened = openTenantPair(root, row);

  expect(opened.kind).toBe('pair');
  expect(believeTenantKey(row, root.signing.publicKey)?.publicKey).toEqual(Uint8Array.from(row.public_key));
});

test('the same root-read makes the same root again: a pair outlives the process that made it', () => {
  const bytes = systemRandom(32);
  const row = make('acme', 1, deriveRoot(Uint8Array.from(bytes)));

  expect(openTenantPair(deriveRoot(Uint8Array.from(bytes)), row).kind).toBe('pair');
});

test('another root-read is told apart from a pair that was changed', () => {
  const row = make();
  const other = deriveRoot(systemRandom(32));

  expect(isOfRoot(other, row)).toBe(false);
  expect(openTenantPair(other, row)).toEqual({ kind: 'wrong_key' });
});

test('a pair of another tenant, version or public half is refused, and so is one that was cut or changed', () => {
  const row = make();
  const { sealed_private: sealed } = row;
  const flipped = Buffer.from(sealed);
  flipped[sealed.length - 1]! ^= 1;
  const changes: Partial<TenantKeyRow>[] = [
    { tenant: 'globex' },
    { version: 2 },
    { public_key: make().public_key },
    { sealed_private: flipped },
    { sealed_private: sealed.subarray(0, 60) },
    { sealed_private: sealed.subarray(0, 30) },
  ];

  expect(changes.map((change) => openTenantPair(root, { ...row, ...change }).kind)).toEqual(
    changes.map(() => 'tampered'),
  );
});

test('the private half is nowhere in what is stored', () => {
  const row = make();
  const opened = openTenantPair(root, row);
  const stored = Buffer.concat([row.public_key, row.signature, row.sealed_private]);

  expect(opened.kind === 'pair' && stored.includes(Buffer.from(opened.pair.privateKey))).toBe(false);
});

test('root-read itself is wiped when everything was derived from it, and the rest when the reader ends', () => {
  const bytes = systemRandom(32);
  const derived = deriveRoot(bytes);

  wipeRoot(derived);

  expect([...bytes, ...derived.pairKey, ...derived.signing.privateKey].every((byte) => byte === 0)).toBe(true);
});
