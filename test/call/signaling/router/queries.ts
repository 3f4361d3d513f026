/** Requests and tenants to route, each with only what its test is about. */

import { route } from '../../../../src/call/signaling/router.ts';
import { routeQueryOf, type RouteQuery } from '../../../../src/call/signaling/router/route-query.ts';
import { asTenantId } from '../../../../src/base/ids.ts';
import type { RoutedTenant, RoutingSnapshot } from '../../../../src/model/routing.ts';
import type { Match } from '../../../../src/model/tenant.ts';
import { asRequest } from '../../../protocol/sip/messages.ts';
import { request, ROUTES } from '../stage.ts';

export interface Asked {
  readonly sourceAddress?: string;
  readonly interface?: string;
  readonly uri?: string;
  /** Lines as they stand in the request. */
  readonly headers?: readonly string[];
}

export function queryOf(asked: Asked = {}): RouteQuery {
  const changes = { uri: asked.uri ?? 'sip:bob@example.com', extra: asked.headers ?? [] };
  const invite = asRequest(Buffer.from(request('INVITE', changes)));
  const { sourceAddress = '10.0.0.1', interface: at = 'outside' } = asked;
  return routeQueryOf(invite, { sourceAddress, interface: at });
}

/** The tenant's name, or why there is none. */
export function tenantFor(routes: RoutingSnapshot, asked: Asked = {}): string {
  const routed = route(routes, queryOf(asked));
  return routed.kind === 'tenant' ? routed.tenant.id : routed.kind;
}

/** A snapshot of tenants that differ in what they match; each is of all of 10/8 unless told otherwise. */
export function matching(tenants: Readonly<Record<string, Partial<Match>>>): RoutingSnapshot {
  const [template] = ROUTES.tenants;
  if (!template) throw new Error('no template');
  const routed = Object.entries(tenants).map(([id, match]): RoutedTenant => ({
    ...template,
    id: asTenantId(id),
    match: { sources: ['10.0.0.0/8'], domains: [], dids: [], headers: [], ...match },
  }));
  return { ...ROUTES, tenants: routed };
}
