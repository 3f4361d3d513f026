/** What the call plane routes by: everything it may know of the configuration, and nothing of AI. Immutable. */

import type { Revision, Tenant } from './tenant.ts';

export type RoutedTenant = Pick<
  Tenant,
  | 'id'
  | 'match'
  | 'trusted'
  | 'labels'
  | 'ingress'
  | 'egress'
  | 'nextHops'
  | 'media'
  | 'mediaMode'
  | 'otherLines'
  | 'onMediaUnavailable'
  | 'onSignedMedia'
  | 'roles'
  | 'direction'
>;

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
  return { snapshot: { revision: revision.revision, digest: revision.digest, tenants: served.map(routed) }, leftOut };
}

function routed(tenant: Tenant): RoutedTenant {
  const { id, match, trusted, labels, ingress, egress, nextHops, roles, direction } = tenant;
  const { media, mediaMode, otherLines, onMediaUnavailable, onSignedMedia } = tenant;
  const where = { id, match, trusted, labels, ingress, egress, nextHops, roles, direction };
  return { ...where, media, mediaMode, otherLines, onMediaUnavailable, onSignedMedia };
}
