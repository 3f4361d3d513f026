/** Who is let in and why not: the routes, the drain, the limits. It answers with a tenant or a closed word, and sends nothing. */

import type { RoutedTenant, RoutingSnapshot } from '../../model/routing.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import type { Calls } from './calls.ts';
import type { Arrival } from './interfaces.ts';
import type { Answer } from './own-answers.ts';
import { route } from './router.ts';
import { routeQueryOf } from './router/route-query.ts';
import type { Transactions } from './transactions.ts';

export class Admission {
  /** What to route by; null until governance has published it. */
  routes: RoutingSnapshot | null = null;
  /** Draining: calls that exist go on, new ones are sent elsewhere. */
  refusesNewCalls = false;
  readonly #transactions: Transactions;
  readonly #calls: Calls;

  constructor(options: { readonly transactions: Transactions; readonly calls: Calls }) {
    this.#transactions = options.transactions;
    this.#calls = options.calls;
  }

  /** Whose request it is, by the network it came from and what the tenant's criteria ask of it. */
  tenantOf(request: SipRequest, arrival: Arrival): RoutedTenant | Answer {
    if (!this.routes) return { status: 503, reason: 'no_routes' };
    const came = { sourceAddress: arrival.source.address, interface: arrival.at.name };
    const routed = route(this.routes, routeQueryOf(request, came));
    if (routed.kind === 'tenant') return routed.tenant;
    return { status: routed.kind === 'no_tenant' ? 404 : 403, reason: routed.kind };
  }

  /** Why a tenant's request outside any dialog is not carried; undefined when it is. */
  reasonNotToCarry(request: SipRequest, tenant: RoutedTenant): Answer | undefined {
    if (request.maxForwards === 0) return { status: 483, reason: 'too_many_hops' };
    if (this.#transactions.isFullForNewCalls) return { status: 503, reason: 'overloaded' };
    if (request.method !== 'INVITE') return undefined;
    if (this.refusesNewCalls) return { status: 503, reason: 'draining' };
    if (this.#calls.isFull) return { status: 503, reason: 'too_many_calls' };
    const hasNeighbours = (this.routes?.tenants.length ?? 0) > 1;
    return hasNeighbours && this.#calls.isShareTaken(tenant.id) ? { status: 503, reason: 'tenant_share' } : undefined;
  }
}
