/** Who is let in and why not: the routes, the drain, the limits. It answers with a tenant or a closed word, and sends nothing. */

import type { RoutedTenant, RoutingSnapshot } from '../../model/routing.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import { optionTags } from '../../protocol/sip/option-tags.ts';
import type { Calls } from './calls.ts';
import type { Arrival } from './interfaces.ts';
import type { Overload } from './overload.ts';
import type { Answer } from './own-answers.ts';
import { route } from './router.ts';
import { routeQueryOf } from './router/route-query.ts';
import type { Transactions } from './transactions.ts';

export interface AdmissionOptions {
  readonly transactions: Transactions;
  readonly calls: Calls;
  readonly overload: Overload;
}

export class Admission {
  /** What to route by; null until governance has published it. */
  routes: RoutingSnapshot | null = null;
  /** Draining: calls that exist go on, new ones are sent elsewhere. */
  refusesNewCalls = false;
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Whose request it is, by the network it came from and what the tenant's criteria ask of it. */
  tenantOf(request: SipRequest, arrival: Arrival): RoutedTenant | Answer {
    if (!this.routes) return { status: 503, reason: 'no_routes' };
    const came = { sourceAddress: arrival.source.address, interface: arrival.at.name };
    const routed = route(this.routes, routeQueryOf(request, came));
    if (routed.kind === 'tenant') return routed.tenant;
    return { status: routed.kind === 'no_tenant' ? 404 : 403, reason: routed.kind };
  }

  /** Why a tenant's request outside any dialog is not carried; undefined when it is, and then it counts. */
  reasonNotToCarry(request: SipRequest, tenant: RoutedTenant): Answer | undefined {
    if (request.maxForwards === 0) return { status: 483, reason: 'too_many_hops' };
    // We support no extension that a proxy can be required to (RFC 3261 §16.3 step 5).
    const unsupported = optionTags(request.head, 'proxy-require');
    if (unsupported.length > 0) return { status: 420, reason: 'proxy_require', unsupported };
    if (this.#options.transactions.isFull) return { status: 503, reason: 'overloaded', isOverload: true };
    if (request.method !== 'INVITE') return undefined;
    const reason = this.#reasonToShed(tenant);
    return reason === undefined ? undefined : { status: 503, reason, isOverload: true };
  }

  /** Why no new call begins. Nothing but a new call is ever asked about. */
  #reasonToShed(tenant: RoutedTenant): string | undefined {
    const { transactions, calls, overload } = this.#options;
    if (this.refusesNewCalls) return 'draining';
    if (transactions.isFullForNewCalls) return 'overloaded';
    if (calls.isFull) return 'too_many_calls';
    const hasNeighbours = (this.routes?.tenants.length ?? 0) > 1;
    if (hasNeighbours && calls.isShareTaken(tenant.id)) return 'tenant_share';
    return overload.admit();
  }
}
