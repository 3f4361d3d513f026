/** A configuration store in memory and a policy host that remembers: what the configuration's use cases need of a world. */

import { createHash } from 'node:crypto';
import { asTenantId, type TenantId, type TokenId } from '../../../src/base/ids.ts';
import { canonicalDocument } from '../../../src/config/document.ts';
import { readDocumentValue } from '../../../src/config/read-document.ts';
import type { BundleOutcome, PolicySource } from '../../../src/governance/policy/policy-host.ts';
import { ConfigInForce } from '../../../src/governance/use-cases/config-in-force.ts';
import type { ConfigStore } from '../../../src/governance/use-cases/config-store.ts';
import type { AccessRole, Principal } from '../../../src/model/access.ts';
import { StoreError } from '../../../src/store/error.ts';
import type { BundleRow, ConfigRevisionRow } from '../../../src/store/schema.ts';
import { makeWorld, type World } from './world.ts';

export class MemoryStore implements ConfigStore {
  readonly rows: ConfigRevisionRow[] = [];
  readonly bundles = new Map<string, BundleRow>();
  isDown = false;

  newest(): Promise<ConfigRevisionRow | undefined> {
    return this.#answer(() => this.rows.at(-1));
  }

  newestHead(): Promise<ConfigRevisionRow | undefined> {
    return this.newest();
  }

  find(revision: number): Promise<ConfigRevisionRow | undefined> {
    return this.#answer(() => this.rows.find((row) => row.revision === revision));
  }

  list({ before, limit }: { before: number | undefined; limit: number }): Promise<ConfigRevisionRow[]> {
    return this.#answer(() =>
      [...this.rows]
        .reverse()
        .filter(({ revision }) => revision < (before ?? Infinity))
        .slice(0, limit),
    );
  }

  add(row: Parameters<ConfigStore['add']>[0], after: number): ReturnType<ConfigStore['add']> {
    return this.#answer(() => {
      const newest = this.rows.at(-1);
      if (newest?.digest === row.digest) return { kind: 'same', revision: newest.revision };
      if ((newest?.revision ?? 0) !== after) return { kind: 'conflict', revision: newest?.revision ?? 0 };
      this.rows.push({ ...row, revision: after + 1 });
      return { kind: 'added', revision: after + 1 };
    });
  }

  findBundle(sha256: string): Promise<Buffer | undefined> {
    return this.#answer(() => this.bundles.get(sha256)?.bytes);
  }

  storedBundles(digests: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#answer(() => new Set(digests.filter((sha256) => this.bundles.has(sha256))));
  }

  addBundle(row: BundleRow): Promise<boolean> {
    return this.#answer(() => {
      const isNew = !this.bundles.has(row.sha256);
      if (isNew) this.bundles.set(row.sha256, row);
      return isNew;
    });
  }

  /** As another node would. */
  put(document: unknown, changes: Partial<ConfigRevisionRow> = {}): ConfigRevisionRow {
    const { raw, digest } = canonicalDocument(readDocumentValue(document));
    const revision = (this.rows.at(-1)?.revision ?? 0) + 1;
    const row = { revision, digest, document: raw, author: 'seed', reason: 'first start', at_ms: 1, ...changes };
    this.rows.push(row);
    return row;
  }

  deliver(bytes: string): string {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.bundles.set(sha256, { sha256, bytes: Buffer.from(bytes), delivered_by: 'node', at_ms: 1 });
    return sha256;
  }

  async #answer<Answer>(give: () => Answer): Promise<Answer> {
    await Promise.resolve();
    if (this.isDown) throw new StoreError('UNREACHABLE', 'down');
    return give();
  }
}

/** Takes every bundle that is not `hostile`; one that is `endless` never answers. */
export class NotingHost {
  readonly given: string[] = [];
  readonly removed: string[] = [];
  readonly #standing = new Map<TenantId, BundleOutcome>();

  async setTenantBundle(tenant: TenantId, source: PolicySource): Promise<BundleOutcome> {
    const text = typeof source === 'string' ? source : Buffer.from(source.bytes).toString();
    this.given.push(`${tenant}: ${text}`);
    if (text === 'endless') await new Promise(() => undefined);
    await Promise.resolve();
    const digest = { bundle: typeof source === 'string' ? 'd'.repeat(64) : source.sha256, data: 'd'.repeat(64) };
    const outcome: BundleOutcome =
      text === 'hostile' || text === 'not_stored'
        ? { kind: 'refused', code: text === 'hostile' ? 'ARCHIVE_REFUSED' : 'NOT_STORED' }
        : { kind: 'active', policy: digest, origin: text === 'default' ? 'default' : 'file' };
    this.#standing.set(tenant, outcome);
    return outcome;
  }

  standingOf(tenant: TenantId): BundleOutcome | { readonly kind: 'none' } {
    return this.#standing.get(tenant) ?? { kind: 'none' };
  }

  removeTenant(tenant: TenantId): void {
    this.removed.push(tenant);
    this.#standing.delete(tenant);
  }
}

export interface ConfigWorld extends World {
  readonly store: MemoryStore;
  readonly host: NotingHost;
  readonly inForce: ConfigInForce;
}

export const INTERFACES = [{ name: 'a' }, { name: 'b' }];

export function makeConfigWorld(): ConfigWorld {
  const world = makeWorld();
  const store = new MemoryStore();
  const host = new NotingHost();
  const inForce = new ConfigInForce({ deps: world.deps, host, store, interfaces: INTERFACES });
  return { ...world, store, host, inForce };
}

/** A world that has begun with `document`. */
export async function begunWith(document: unknown): Promise<ConfigWorld> {
  const world = makeConfigWorld();
  const row = world.store.put(document);
  await world.inForce.exclusively(() => world.inForce.putInForce(row, 'at start'));
  return world;
}

/** A tenant as it is written, of a network of its own. */
export function writtenTenant(id: string, net: number, changes: object = {}): object {
  return {
    id,
    match: { sources: [`10.${net}.0.0/16`], trusted: true },
    route: { ingress: 'a', egress: 'b', next: ['sip:127.0.0.1:5070'] },
    ...changes,
  };
}

export function writtenProcessor(id: string, changes: object = {}): object {
  return {
    id,
    protocol: 'vosk',
    url: 'ws://127.0.0.1:1/',
    hears: 'raw_audio',
    region: 'eu',
    legalEntity: 'x',
    purpose: 'transcription',
    terms: { training: false, retentionDays: 0, expires: '2035-01-01' },
    ...changes,
  };
}

export function documentOf(tenants: readonly object[], processors: readonly object[] = []): Record<string, unknown> {
  return { version: 1, processors, tenants };
}

export function principal(roles: readonly AccessRole[], tenants: readonly string[] | 'all' = 'all'): Principal {
  return {
    token: `k_${'1'.repeat(32)}` as TokenId,
    holder: 'ada',
    roles,
    tenants: tenants === 'all' ? 'all' : tenants.map(asTenantId),
  };
}
