/** Turns a revision into what the call plane may know of it: sources, hops and media policy, and nothing of AI. */

import type { RoutingSnapshot } from '../../link/messages.ts';
import type { Revision } from '../../model/tenant.ts';

/** Tenants whose route names an interface this node has not are left out and returned by name. */
export function toRoutingSnapshot(
  revision: Revision,
  interfaces: ReadonlySet<string>,
): { readonly snapshot: RoutingSnapshot; readonly leftOut: readonly string[] } {
  const served = revision.tenants.filter(({ ingress, egress }) => interfaces.has(ingress) && interfaces.has(egress));
  const leftOut = revision.tenants.filter((tenant) => !served.includes(tenant)).map(({ id }) => id);
  const snapshot: RoutingSnapshot = {
    revision: revision.revision,
    digest: revision.digest,
    tenants: served.map((tenant) => ({
      id: tenant.id,
      sources: [...tenant.sources],
      trusted: tenant.trusted,
      ingress: tenant.ingress,
      egress: tenant.egress,
      nextHops: tenant.nextHops.map((hop) => ({ ...hop })),
      media: { ...tenant.media },
      onMediaUnavailable: tenant.onMediaUnavailable,
      roles: { ...tenant.roles },
      direction: tenant.direction,
    })),
  };
  return { snapshot, leftOut };
}
