/** What the call plane routes by: everything it may know of the configuration, and nothing of AI. Immutable. */

import type { TenantId } from '../base/ids.ts';
import type { LegProfile, Match, NextHop, OnMediaUnavailable, Revision, Role, Side } from './tenant.ts';

export interface RoutedTenant {
  readonly id: TenantId;
  readonly match: Match;
  readonly trusted: boolean;
  readonly labels: readonly string[];
  readonly ingress: string;
  readonly egress: string;
  readonly nextHops: readonly NextHop[];
  readonly media: Readonly<Record<Side, LegProfile>>;
  readonly onMediaUnavailable: OnMediaUnavailable;
  readonly roles: Readonly<Record<Side, Role>>;
  readonly direction: 'inbound' | 'outbound';
}

export interface RoutingSnapshot {
  readonly revision: number;
  readonly digest: string;
  readonly tenants: readonly RoutedTenant[];
}

/** Tenants whose route names an interface this node has not are left out and returned by name. */
export function toRoutingSnapshot(
  revision: Revision,
  interfaces: ReadonlySet<string>,
): { readonly snapshot: RoutingSnapshot; readonly leftOut: readonly string[] } {
  const served = revision.tenants.filter(({ ingress, egress }) => interfaces.has(ingress) && interfaces.has(egress));
  const leftOut = revision.tenants.filter((tenant) => !served.includes(tenant)).map(({ id }) => id);
  const tenants = served.map(
    ({ id, match, trusted, labels, ingress, egress, nextHops, media, onMediaUnavailable, roles, direction }) => ({
      id,
      match,
      trusted,
      labels,
      ingress,
      egress,
      nextHops,
      media,
      onMediaUnavailable,
      roles,
      direction,
    }),
  );
  return { snapshot: { revision: revision.revision, digest: revision.digest, tenants }, leftOut };
}
