/** What the router and the document say of one request: the same for people and for programs. Pure. */

import { explainRoute, type Explanation } from '../call/signaling/router/explain.ts';
import { readLabels } from '../call/signaling/router/labels.ts';
import type { RouteQuery } from '../call/signaling/router/route-query.ts';
import { packageRoot } from '../base/package-root.ts';
import { shippedBundle } from '../governance/policy/shipped.ts';
import { writeHop } from '../config/next-hop.ts';
import { toRoutingSnapshot } from '../model/routing.ts';
import type { Processor, Revision } from '../model/tenant.ts';
import type { SipRequest } from '../protocol/sip/message.ts';

/** What is said of one request. `tenant` is absent where nobody takes it; then `near` says what each tenant lacks. */
export interface RouteReport {
  readonly tenant?: string;
  readonly query: {
    readonly source: string;
    readonly interface: string;
    readonly domain?: string | undefined;
    readonly number?: string | undefined;
  };
  readonly matched?: {
    readonly source: string;
    readonly did?: string | undefined;
    readonly domain?: string | undefined;
    readonly headers: readonly string[];
  };
  readonly others: readonly { readonly tenant: string; readonly lost_by: string }[];
  readonly near: readonly { readonly tenant: string; readonly lacks: readonly string[] }[];
  readonly route?: {
    readonly egress: string;
    /** In the order they are tried. */
    readonly next: readonly string[];
    readonly media: { readonly caller: string; readonly callee: string; readonly on_unavailable: string };
    readonly roles: { readonly caller: string; readonly callee: string };
    readonly direction: string;
    readonly trusted: boolean;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly ai?: {
    readonly processors: readonly { readonly processor: string; readonly hears: string }[];
    readonly policy: { readonly origin: 'default' | 'file'; readonly bundle: string; readonly guardrail: string };
  };
}

/** What the router and the document say of a request. */
export function reportRoute(revision: Revision, request: Pick<SipRequest, 'head'>, query: RouteQuery): RouteReport {
  const interfaces = new Set(revision.tenants.flatMap(({ ingress, egress }) => [ingress, egress]));
  const { snapshot } = toRoutingSnapshot(revision, interfaces);
  const { winner, others, near } = explainRoute(snapshot, query);
  const { sourceAddress: source, interface: at, domain, number } = query;
  return {
    query: { source, interface: at, domain, number },
    others: others.map(({ tenant, lostBy }) => ({ tenant: tenant.id, lost_by: lostBy })),
    near: near.map(({ tenant, lacks }) => ({ tenant: tenant.id, lacks })),
    ...(winner === undefined ? {} : describeWinner(revision, request, winner)),
  };
}

function describeWinner(
  revision: Revision,
  request: Pick<SipRequest, 'head'>,
  { tenant, source, did, domain, headers }: NonNullable<Explanation['winner']>,
): Required<Pick<RouteReport, 'tenant' | 'matched' | 'route' | 'ai'>> {
  const { egress, nextHops, media, onMediaUnavailable, roles, direction, trusted } = tenant;
  const whole = revision.tenants.find(({ id }) => id === tenant.id);
  const processors = revision.processors.filter(({ id }) => whole?.processors.includes(id));
  return {
    tenant: tenant.id,
    matched: { source, did, domain, headers },
    route: {
      egress,
      next: nextHops.map(writeHop),
      media: { caller: media.caller.profile, callee: media.callee.profile, on_unavailable: onMediaUnavailable },
      roles,
      direction,
      trusted,
      labels: readLabels(tenant, request.head),
    },
    ai: {
      processors: processors.map(({ id, hears }: Processor) => ({ processor: id, hears })),
      policy: {
        origin: whole?.policy === undefined ? 'default' : 'file',
        bundle: whole?.policy?.sha256 ?? shippedBundle(packageRoot, 'default').sha256,
        guardrail: shippedBundle(packageRoot, 'guardrail').sha256,
      },
    },
  };
}
