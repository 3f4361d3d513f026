/**
 * Sends a planned request to its next hop, and to the one after when that fails. A name is resolved here, the one
 * place where a request may wait, and its transaction absorbs the wait.
 */

import { assert } from '../../base/assert.ts';
import { makeBranch } from '../../protocol/sip/branch.ts';
import { decrementMaxForwards, pushVia } from '../../protocol/sip/edits.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import { markReceived, markedHop } from '../../protocol/sip/reply-address.ts';
import { applySplices } from '../../protocol/splice.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Exchange, Plan } from './exchange.ts';
import type { HopHealth } from './hop-health.ts';
import { reach } from './interfaces.ts';
import type { Arrival, Reached, SipInterface } from './interfaces.ts';
import type { SignalingLimits } from './limits.ts';
import type { NameResolver } from './name-resolver.ts';
import type { Tally } from './tally.ts';
import type { Transactions } from './transactions.ts';

export interface ForwarderOptions {
  readonly branchKey: Buffer;
  readonly resolver: NameResolver;
  readonly health: HopHealth;
  readonly transactions: Transactions;
  readonly limits: SignalingLimits;
  readonly tally: Tally;
  /** No next hop is left to try. */
  readonly onExhausted: (exchange: Exchange) => void;
}

/** How a request without a transaction is sent on. */
export type StatelessPlan = Pick<Plan, 'egress' | 'splices'> & { readonly hop: HopTarget };

export class Forwarder {
  readonly #options: ForwarderOptions;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Tries the next hop of a planned exchange. */
  next(exchange: Exchange): void {
    const { plan } = exchange;
    assert(plan, 'only a planned request is sent on');
    const hop = plan.hops.shift();
    if (hop) this.#resolve(exchange, plan, hop);
    else this.#options.onExhausted(exchange);
  }

  /** Sends a request on without remembering it: an ACK for a 2xx, or a CANCEL for what an earlier life sent. */
  pass(request: SipRequest, arrival: Arrival, plan: StatelessPlan): void {
    const { resolver, tally } = this.#options;
    resolver.resolve(plan.hop.host, (addresses) => {
      tally.fence('pass', () => {
        const reached = reach(plan.egress, plan.hop, addresses);
        if (reached) reached.port.send(this.#dress(request, arrival, plan, 0).bytes, reached.target);
        else tally.dropped('unreachable_hop');
      });
    });
  }

  /** Goes on when the name is known, which may be in a later turn: nobody stands behind that one to catch. */
  #resolve(exchange: Exchange, plan: Plan, hop: HopTarget): void {
    const { resolver, tally, onExhausted } = this.#options;
    resolver.resolve(hop.host, (addresses) => {
      const went = tally.fence('forward', () => this.#tryHop(exchange, plan, hop, addresses));
      if (!went) tally.fence('forward', () => onExhausted(exchange));
    });
  }

  #tryHop(exchange: Exchange, plan: Plan, hop: HopTarget, addresses: readonly string[]): void {
    // It may have been cancelled while its name was looked up.
    if (exchange.server.answered) return;
    const reached = reach(plan.egress, hop, addresses);
    if (reached) {
      this.#send(exchange, plan, hop, reached);
    } else {
      this.#options.health.failed(hop);
      this.next(exchange);
    }
  }

  #send(exchange: Exchange, plan: Plan, hop: HopTarget, reached: Reached): void {
    const { transactions, limits } = this.#options;
    const { branch, bytes } = this.#dress(exchange.request, exchange.arrival, plan, exchange.attempts.length);
    const patienceMs = plan.hops.length > 0 ? limits.hopPatienceMs : undefined;
    transactions.start({ purpose: 'request', exchange, hop, ...reached, sent: bytes, branch, patienceMs });
  }

  /** The request as it leaves: planned edits, and our Via above the others. */
  #dress(
    request: SipRequest,
    arrival: Arrival,
    plan: { readonly egress: SipInterface; readonly splices: readonly Splice[] },
    attempt: number,
  ): { readonly branch: string; readonly bytes: Buffer } {
    const fields = { attempt, ingress: arrival.at.index };
    const branch = makeBranch(this.#options.branchKey, request, markedHop(request.topVia, arrival.source), fields);
    const via = pushVia(request, { sentBy: plan.egress.sentBy, branch });
    return { branch, bytes: applySplices(request.head.bytes, [via, ...plan.splices]) };
  }
}

/** What every request gets on its way: the truth about where it came from, and one hop fewer. */
export function hopEdits(request: SipRequest, arrival: Arrival): Splice[] {
  return [...markReceived(request.topVia, arrival.source), decrementMaxForwards(request)];
}
