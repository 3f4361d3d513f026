/**
 * Makes a pair of keys for every tenant that keeps transcripts and has none. That a key is made is recorded in the
 * tenant's log before it is stored; a tenant's key is made once, whoever of several readers is first.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { asTenantId, type RandomBytes } from '../base/ids.ts';
import type { Ledger } from '../governance/ledger/ledger.ts';
import type { TenantKeyRow } from '../store/schema.ts';
import type { ReadRoot } from './read-root.ts';
import { isOfRoot, makeTenantPair } from './tenant-pair.ts';

export interface MakeKeysDeps {
  readonly root: ReadRoot;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly store: KeyStore;
}

export interface KeyStore {
  /** The newest declarative document, as it is stored; undefined in an empty database. */
  document(): Promise<Buffer | undefined>;
  tenants(): Promise<readonly string[]>;
  pairs(tenant: string): Promise<readonly TenantKeyRow[]>;
  /** Adds what `make` makes unless the tenant has a pair already. */
  addFirstPair(tenant: string, make: () => Promise<TenantKeyRow>): Promise<boolean>;
}

const LEDGER_LIMIT_MS = 3000;
/** No more at a time: the rest is made the next time it is looked. */
const MAX_KEYS_AT_ONCE = 64;

/**
 * Returns how many were made, or `foreign` where other tenants' keys belong to another root-read: then none is, because
 * keys under two roots in one database are a mistake that shows itself only when something is to be opened.
 */
export async function makeMissingKeys(deps: MakeKeysDeps): Promise<number | 'foreign'> {
  const [document, known] = await Promise.all([deps.store.document(), deps.store.tenants()]);
  const missing = tenantsThatKeep(document).filter((tenant) => !known.includes(tenant));
  if (missing.length === 0) return 0;
  if (await isForeign(deps, known)) return 'foreign';
  let made = 0;
  for (const tenant of missing.slice(0, MAX_KEYS_AT_ONCE)) {
    if (await deps.store.addFirstPair(tenant, () => make(deps, tenant))) made += 1;
  }
  return made;
}

async function make(deps: MakeKeysDeps, tenant: string): Promise<TenantKeyRow> {
  const { root, clock, random } = deps;
  const row = makeTenantPair(root, { tenant, version: 1, madeMs: Math.trunc(clock.wallMs()), random });
  const publicHash = createHash('sha256').update(row.public_key).digest('hex');
  await deps.ledger.append(
    asTenantId(tenant),
    { kind: 'key.made', purpose: 'tenant', version: row.version, public_hash: publicHash },
    { deadlineMs: LEDGER_LIMIT_MS },
  );
  return row;
}

async function isForeign(deps: MakeKeysDeps, known: readonly string[]): Promise<boolean> {
  const [tenant] = known;
  if (tenant === undefined) return false;
  const newest = (await deps.store.pairs(tenant)).at(-1);
  return newest !== undefined && !isOfRoot(deps.root, newest);
}

/** Of the document only this is ours; the rest was checked by whoever stored it, and is nothing to us. */
const keeping = z.object({
  tenants: z.array(
    z.object({ id: z.string(), retention: z.object({ transcripts: z.object({ keep: z.boolean() }) }).optional() }),
  ),
});

function tenantsThatKeep(document: Buffer | undefined): string[] {
  if (document === undefined) return [];
  const { tenants } = keeping.parse(JSON.parse(document.toString('utf8')));
  return tenants.filter(({ retention }) => retention?.transcripts.keep === true).map(({ id }) => id);
}
