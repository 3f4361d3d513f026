/** Tenants as they are in force on this node: whose calls they take, which policy they are asked by, how many live. */

import type { RandomBytes, TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { TenantPage, TenantView } from '../../model/api/config.ts';
import type { NextHop, Tenant } from '../../model/tenant.ts';
import { can } from '../access/ability.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PolicyHost } from '../policy/policy-host.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { LiveCalls } from './live-calls.ts';
import { recordRead } from './record-read.ts';

export interface ListTenantsDeps {
  readonly inForce: Pick<ConfigInForce, 'revision'>;
  readonly host: Pick<PolicyHost, 'standingOf'>;
  readonly calls: LiveCalls;
  readonly ledger: Ledger;
  readonly random: RandomBytes;
  /** Whether the kill switch holds all of a tenant silent. */
  readonly isSilenced: (tenant: TenantId) => boolean;
}

export type ListTenants = (principal: Principal) => Promise<TenantPage>;

/** Those the principal may see, in the order of the document. Throws the ledger's error. */
export function listTenantsOf(deps: ListTenantsDeps): ListTenants {
  const { inForce, calls, ledger, random } = deps;
  return async (principal) => {
    const tenants = principal.tenants === 'all' ? [] : principal.tenants;
    const read = await recordRead({ ledger, random }, principal, { route: '/v1/tenants', tenants });
    const living = new Map<TenantId, number>();
    for (const { tenant } of calls.all()) living.set(tenant.id, (living.get(tenant.id) ?? 0) + 1);
    const seen = (inForce.revision?.tenants ?? []).filter(({ id }) => can(principal, 'read', 'Tenant', { tenant: id }));
    const items = seen.map((tenant) => view(deps, tenant, living.get(tenant.id) ?? 0));
    read.done(items.length);
    return { items };
  };
}

function view({ host, isSilenced }: ListTenantsDeps, tenant: Tenant, liveCalls: number): TenantView {
  const { id, match, ingress, egress, nextHops, processors, policy } = tenant;
  return {
    tenant: id,
    sources: [...match.sources],
    ingress,
    egress,
    next: nextHops.map(writeHop),
    processors: [...processors],
    policy: viewPolicy(host, id, policy?.sha256),
    live_calls: liveCalls,
    revoked: isSilenced(id),
  };
}

function viewPolicy(host: ListTenantsDeps['host'], tenant: TenantId, named: string | undefined): TenantView['policy'] {
  const standing = host.standingOf(tenant);
  const origin = named === undefined ? 'default' : 'file';
  switch (standing.kind) {
    case 'none':
      return { state: 'none', origin };
    case 'active':
      return { state: 'active', origin, bundle: standing.policy.bundle };
    case 'refused':
      return { state: 'refused', origin, code: standing.code, ...(named === undefined ? {} : { bundle: named }) };
  }
}

function writeHop({ host, port }: NextHop): string {
  return `sip:${host.includes(':') ? `[${host}]` : host}:${port}`;
}
