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
import type { Asked } from './asked.ts';
import type { Call, Calls } from './calls.ts';
import type { Exchange, Plan } from './exchange.ts';
import type { HopHealth } from './hop-health.ts';
import type { Arrival, SipInterface } from './interfaces.ts';
import type { SignalingLimits } from './limits.ts';
import type { Locator } from './locate.ts';
import { reach } from './reach.ts';
import type { Reached } from './reach.ts';
import { ownRoutes } from './record-route.ts';
import type { SignalingNotes } from './signaling-notes.ts';
import type { Tally } from './tally.ts';
import type { Transactions } from './transactions.ts';

/** A branch has one digit, base 36, for the attempt. */
const MAX_ATTEMPTS = 36;

export interface ForwarderOptions {
  readonly branchKey: Buffer;
  readonly locator: Locator;
  readonly health: HopHealth;
  readonly transactions: Transactions;
  readonly calls: Calls;
  readonly limits: SignalingLimits;
  readonly notes: SignalingNotes;
  readonly tally: Tally;
  /** No next hop is left to try. */
  readonly onExhausted: (exchange: Exchange) => void;
}

/** How a request without a transaction is sent on. */
export type StatelessPlan = Pick<Plan, 'egress' | 'splices'> & {
  readonly hop: HopTarget;
  /** The call it belongs to, where that is known. */
  readonly call?: Call | undefined;
};

/** The rest of what a request needs to leave: which try it is, and the listener it leaves by. */
interface Leaving {
  readonly egress: Plan['egress'];
  readonly splices: readonly Splice[];
  readonly routeToken?: string | undefined;
  readonly pathToken?: string | undefined;
  readonly attempt: number;
  readonly reached: Reached;
}

interface Dressed {
  readonly branch: string;
  readonly bytes: Buffer;
  readonly splices: readonly Splice[];
}

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
    const { tally, locator, notes } = this.#options;
    locator.locate(plan.hop, (targets) => {
      tally.fence('pass', () => {
        const [reached] = reachable(plan.egress, targets).map((found) => found.reached);
        if (!reached) {
          tally.dropped('unreachable_hop');
          return;
        }
        const { bytes, splices } = this.#dress(request, arrival, { ...plan, attempt: 0, reached });
        notes.came(plan.call, request);
        notes.left(plan.call, request, bytes, splices);
        reached.port.send(bytes, reached.target, () => tally.dropped('connection_failed'));
      });
    });
  }

  /** Goes on when the name is known, which may be in a later turn: nobody stands behind that one to catch. */
  #resolve(exchange: Exchange, plan: Plan, hop: HopTarget): void {
    const { tally, locator, onExhausted } = this.#options;
    locator.locate(hop, (targets) => {
      const went = tally.fence('forward', () => this.#tryHop(exchange, plan, hop, targets));
      if (!went) tally.fence('forward', () => onExhausted(exchange));
    });
  }

  #tryHop(exchange: Exchange, plan: Plan, hop: HopTarget, targets: readonly HopTarget[]): void {
    // It may have been cancelled while its name was looked up.
    if (exchange.server.answered) return;
    const { health } = this.#options;
    // Of next hops from the routes alone: a name that a peer chose is nothing to remember.
    const { initial } = plan.dialog;
    if (initial) health.foundAt(hop, targets);
    const [first, ...others] = reachable(plan.egress, health.order(targets));
    if (first) {
      // What else is known by that name comes next (RFC 3263 §4.3), as far as the branch can count.
      const room = Math.max(0, MAX_ATTEMPTS - exchange.attempts.length - plan.hops.length - 1);
      plan.hops.unshift(...others.slice(0, room).map(({ target }) => target));
      this.#send(exchange, plan, targets.length > 1 ? first.target : hop, first.reached);
    } else {
      if (initial) health.failed(hop);
      exchange.failure = hop.host === '' ? 'flow_failed' : 'unreachable';
      this.next(exchange);
    }
  }

  #send(exchange: Exchange, plan: Plan, hop: HopTarget, reached: Reached): void {
    const { transactions, limits, notes } = this.#options;
    const leaving = { ...plan, attempt: exchange.attempts.length, reached };
    const { request, arrival } = exchange;
    const { branch, bytes, splices } = this.#dress(request, arrival, leaving);
    const { call } = plan.dialog;
    if (leaving.attempt === 0) notes.came(call, request);
    notes.left(call, request, bytes, splices);
    if (call) this.#options.calls.noteAsked(call, branch, askedOf(request, plan, hop, reached));
    const patienceMs = plan.hops.length > 0 ? limits.hopPatienceMs : undefined;
    transactions.start({ purpose: 'request', exchange, hop, ...reached, sent: bytes, branch, patienceMs });
  }

  /**
   * The request as it leaves: planned edits, and our Via above the others. What we call ourselves in Via and Record-Route
   * is settled here, for it depends on the listener that this try leaves by.
   */
  #dress(request: SipRequest, arrival: Arrival, leaving: Leaving): Dressed {
    const { egress, splices, attempt } = leaving;
    const { port } = leaving.reached;
    const fields = { attempt, ingress: arrival.at.index };
    const branch = makeBranch(this.#options.branchKey, request, markedHop(request.topVia, arrival.source), fields);
    const via = pushVia(request, {
      transport: port.transport,
      sentBy: egress.sentByOf.get(port) ?? egress.sentBy,
      branch,
    });
    const routes = ownRoutes(request, arrival, { ...leaving, at: egress, port });
    const all = [via, ...routes, ...splices];
    return { branch, bytes: applySplices(request.head.bytes, all), splices: all };
  }
}

/** The request as its response is known by in a next life; the hop as it was reached, a flow as long as it stands. */
function askedOf(request: SipRequest, { dialog }: Plan, hop: HopTarget, { port, target }: Reached): Asked {
  const { initial, from, branch, offer } = dialog;
  const { transport } = port;
  const reached = { host: target.address, port: target.port, transport, domain: target.domain };
  return { method: request.method, initial, from, branch, offer, hop: hop.flow ? hop : reached };
}

/** Those that a listener of ours can send to, in their order. */
function reachable(
  egress: SipInterface,
  targets: readonly HopTarget[],
): { readonly target: HopTarget; readonly reached: Reached }[] {
  return targets.flatMap((target) => {
    const reached = reach(egress, target, [target.host]);
    return reached ? [{ target, reached }] : [];
  });
}

/** What every request gets on its way: the truth about where it came from, and one hop fewer. */
export function hopEdits(request: SipRequest, arrival: Arrival): Splice[] {
  return [...markReceived(request.topVia, arrival.source), decrementMaxForwards(request)];
}
