/**
 * What an answer, or its absence, means for the call it belongs to: confirmed, refused, over. The one place where a
 * response turns into the state of a call; it runs after the response was sent, never before.
 */

import type { CallEndReason } from '../../model/call.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { Calls } from './calls.ts';
import type { DialogPlace, Exchange } from './exchange.ts';
import { lateOfferOf, refuseLateOffers } from './late-offers.ts';
import type { MediaAnchor } from './media-anchor.ts';
import type { Answer, OwnAnswers } from './own-answers.ts';
import type { SignalingNotes } from './signaling-notes.ts';
import type { Transactions } from './transactions.ts';

/** The connection a peer is reached by is gone, and it has no other (RFC 5626 §11.5). */
const FLOW_FAILED: Answer = { status: 430, phrase: 'Flow Failed', reason: 'flow_failed' };

export interface SettlementOptions {
  readonly transactions: Transactions;
  readonly calls: Calls;
  readonly anchor: MediaAnchor;
  readonly answers: OwnAnswers;
  readonly notes: SignalingNotes;
}

/** Who sent a response: its To tag, undefined when it is not told apart, and the next hop it came by. */
interface Answerer {
  readonly branch: string | undefined;
  readonly hop: HopTarget;
}

export class Settlement {
  readonly #options: SettlementOptions;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** A response was passed on. */
  answered(exchange: Exchange, status: number, { branch, hop }: Answerer): void {
    const dialog = exchange.plan?.dialog;
    if (!dialog?.call || dialog.call.ended) return;
    this.#options.calls.touch(dialog.call);
    if (exchange.request.method === 'BYE') {
      // Challenged, it comes again with credentials; any other final answer leaves nothing to talk about (§15.1.1).
      if (status >= 200 && status !== 401 && status !== 407) this.#endBranch(dialog, 'bye');
    } else if (status >= 300) {
      this.#refused(exchange, dialog, exchange.cancelledBy ? 'cancelled' : 'refused');
    } else if (status >= 200 && exchange.request.method === 'INVITE' && branch !== undefined) {
      this.#confirmed(exchange, dialog, { branch, hop });
    }
    this.#options.calls.tell(dialog.call);
  }

  /** Answers a request in our own name, and ends what it was about to begin. */
  refuse(exchange: Exchange, answer: Answer, reason: CallEndReason): void {
    const { transactions, answers, notes } = this.#options;
    const bytes = answers.refusal(exchange, answer);
    transactions.respond(exchange, answer.status, bytes);
    const dialog = exchange.plan?.dialog;
    if (exchange.attempts.length === 0) notes.came(dialog?.call, exchange.request);
    notes.said(dialog?.call, bytes);
    if (dialog) this.#refused(exchange, dialog, reason);
  }

  /** No next hop is left, or none answered. */
  exhausted(exchange: Exchange): void {
    const { request, plan, attempts, cancelledBy, failure } = exchange;
    if (request.method === 'BYE' && plan) this.#endBranch(plan.dialog, 'timeout');
    if (request.method === 'INVITE' && cancelledBy) {
      this.refuse(exchange, { status: 487, reason: 'cancelled' }, 'cancelled');
    } else if (failure === 'flow_failed') {
      this.refuse(exchange, FLOW_FAILED, 'timeout');
    } else if (request.method === 'INVITE') {
      const isSilent = failure === 'silence' && (!plan?.dialog.initial || exchange.heard);
      const status = isSilent ? 408 : 503;
      this.refuse(exchange, { status, reason: 'no_answer_from_next_hop' }, 'timeout');
    } else if (attempts.length === 0 || failure === 'unreachable') {
      this.refuse(exchange, { status: 503, reason: 'no_reachable_next_hop' }, 'timeout');
    } else {
      // Whoever asked has given up by now; a late 408 would only mislead (RFC 4320 §4.2).
      this.#options.transactions.abandon(exchange);
      if (plan) this.#refused(exchange, plan.dialog, 'timeout');
    }
  }

  #confirmed(exchange: Exchange, dialog: DialogPlace, answerer: Answerer & { readonly branch: string }): void {
    const { branch, hop } = answerer;
    if (!dialog.call || exchange.confirmed.has(branch)) return;
    exchange.confirmed.add(branch);
    const transaction = dialog.offer ?? lateOfferOf(exchange, branch);
    if (transaction !== undefined) this.#options.anchor.confirm({ call: dialog.call.id, transaction, branch });
    this.#options.calls.confirmBranch(dialog.call, branch);
    if (dialog.initial) dialog.call.answeredBy.set(branch, hop);
  }

  #refused(exchange: Exchange, dialog: DialogPlace, reason: CallEndReason): void {
    const { call } = dialog;
    if (!call || call.ended) return;
    if (dialog.offer !== undefined) this.#options.anchor.refuse({ call: call.id, transaction: dialog.offer });
    refuseLateOffers(this.#options.anchor, exchange);
    // One answerer's 2xx stands, whatever the others said after it.
    const began = dialog.initial && exchange.request.method === 'INVITE' && call.state === 'early';
    if (began) this.#options.calls.end(call, reason);
    else this.#options.calls.tell(call);
  }

  #endBranch(dialog: DialogPlace, reason: CallEndReason): void {
    if (dialog.call) this.#options.calls.endBranch(dialog.call, dialog.branch, reason);
  }
}
