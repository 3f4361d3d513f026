/**
 * Which tenant has been given which policy, brought in line with a revision: changed ones only, a few at a time, so that
 * one tenant's endless bundle holds up nobody else's. Its calls are told when theirs is another.
 */

import type { TenantId } from '../../base/ids.ts';
import { errorCode } from '../../base/error.ts';
import type { Revision, Tenant } from '../../model/tenant.ts';
import type { PolicyHost } from '../policy/policy-host.ts';
import { activatePolicy } from './activate-policies.ts';
import type { ConfigStore } from './config-store.ts';
import type { Deps } from './ports.ts';

export interface PoliciesOptions {
  readonly deps: Pick<Deps, 'ledger' | 'log' | 'calls'>;
  readonly host: Pick<PolicyHost, 'setTenantBundle' | 'removeTenant' | 'standingOf'>;
  readonly store: Pick<ConfigStore, 'findBundle' | 'storedBundles'>;
  /** A tenant that had a policy has another now, or none. */
  readonly onChanged: (tenant: TenantId) => void;
}

/** Loaded at the same time. */
const MAX_AT_ONCE = 4;
const SHIPPED = 'default';

export class PoliciesInForce {
  readonly #options: PoliciesOptions;
  /** SHA-256 of what a tenant was given last, or `default`. */
  readonly #given = new Map<TenantId, string>();
  readonly #loading = new Map<TenantId, string>();
  /** The revision that is followed: what an earlier one wanted is not loaded any more. */
  #followed: Revision | undefined;

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  /** Loads what is not loaded. Resolves when each is in force, refused, or could not be fetched now; never rejects. */
  async follow(revision: Revision): Promise<void> {
    this.#followed = revision;
    const due = revision.tenants.filter((tenant) => this.#isDue(tenant)).values();
    const load = async (): Promise<void> => {
      for (const tenant of due) {
        if (this.#followed !== revision) return;
        if (this.#isDue(tenant)) await this.#load(tenant);
      }
    };
    await Promise.all(Array.from({ length: MAX_AT_ONCE }, load));
  }

  /** Tries again what was named before anybody had delivered it. Never rejects. */
  async retryMissing(revision: Revision): Promise<void> {
    const missing = revision.tenants.filter(({ id }) => this.refusalOf(id) === 'NOT_STORED');
    if (missing.length === 0) return;
    try {
      const stored = await this.#options.store.storedBundles(missing.flatMap(({ policy }) => policy?.sha256 ?? []));
      for (const { id, policy } of missing) if (stored.has(policy?.sha256 ?? '')) this.#given.delete(id);
    } catch {
      return;
    }
    await this.follow(revision);
  }

  /** Forgets policies of tenants that are gone, once their last call has ended. */
  forgetGone(revision: Revision): void {
    const present = new Set(revision.tenants.map(({ id }) => id));
    const gone = [...this.#given.keys()].filter((id) => !present.has(id));
    if (gone.length === 0) return;
    const living = new Set(this.#options.deps.calls.all().map(({ tenant }) => tenant.id));
    for (const id of gone) {
      if (living.has(id)) continue;
      this.#given.delete(id);
      this.#options.host.removeTenant(id);
    }
  }

  /** Why a tenant has no policy; undefined when it has one, or nothing is known yet. */
  refusalOf(tenant: TenantId): string | undefined {
    const standing = this.#options.host.standingOf(tenant);
    return standing.kind === 'refused' ? standing.code : undefined;
  }

  isLoading(tenant: TenantId): boolean {
    return this.#loading.has(tenant);
  }

  #isDue(tenant: Tenant): boolean {
    const wanted = wantedBy(tenant);
    return this.#given.get(tenant.id) !== wanted && this.#loading.get(tenant.id) !== wanted;
  }

  async #load(tenant: Tenant): Promise<void> {
    const { deps, host, store, onChanged } = this.#options;
    const { id } = tenant;
    const wanted = wantedBy(tenant);
    const hadOne = this.#given.has(id);
    this.#loading.set(id, wanted);
    try {
      const outcome = await activatePolicy(host, deps.ledger, tenant, (sha256) => store.findBundle(sha256));
      if (outcome.kind === 'refused' && outcome.code === 'SUPERSEDED') return;
      this.#given.set(id, wanted);
      if (hadOne) onChanged(id);
    } catch (error) {
      deps.log.warn({ tenant: id, code: errorCode(error) }, 'a policy could not be fetched yet');
    } finally {
      if (this.#loading.get(id) === wanted) this.#loading.delete(id);
    }
  }
}

function wantedBy({ policy }: Tenant): string {
  return policy?.sha256 ?? SHIPPED;
}
