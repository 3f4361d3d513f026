/** The journey of a CANCEL (RFC 3261 §9.2, §16.10): answered by us, and on to whoever rings, once there is somebody. */

import type { SipRequest } from '../../protocol/sip/message.ts';
import { serverKey } from '../../protocol/sip/transaction/transaction-key.ts';
import type { Admission } from './admission.ts';
import type { Attempt, Exchange } from './exchange.ts';
import { hopEdits } from './forwarder.ts';
import type { Forwarder } from './forwarder.ts';
import type { Arrival, Interfaces } from './interfaces.ts';
import type { Answer, OwnAnswers } from './own-answers.ts';
import type { Settlement } from './settlement.ts';
import type { SignalingNotes } from './signaling-notes.ts';
import type { Transactions } from './transactions.ts';

export interface CancelPathOptions {
  readonly admission: Admission;
  readonly interfaces: Interfaces;
  readonly transactions: Transactions;
  readonly forwarder: Forwarder;
  readonly settlement: Settlement;
  readonly answers: OwnAnswers;
  readonly notes: SignalingNotes;
}

export class CancelPath {
  readonly #options: CancelPathOptions;

  constructor(options: CancelPathOptions) {
    this.#options = options;
  }

  /** Returns the refusal to answer with, if any. */
  receive(request: SipRequest, arrival: Arrival): Answer | undefined {
    const { transactions, answers } = this.#options;
    const exchange = transactions.findExchange(serverKey(request, arrival.source.address, 'INVITE'));
    if (!exchange) return this.#pass(request, arrival);
    answers.accept(request, arrival);
    if (!exchange.server.answered && !exchange.cancelledBy) this.#cancel(exchange, request);
    return undefined;
  }

  #cancel(exchange: Exchange, request: SipRequest): void {
    const { transactions, settlement, notes } = this.#options;
    exchange.cancelledBy = request;
    notes.came(exchange.plan?.dialog.call, request);
    const live = exchange.attempts.filter(isAwaited);
    for (const attempt of live) transactions.cancel(attempt);
    // Nothing was sent yet, or only to hops that are done: there is no final response to wait for.
    if (live.length === 0) settlement.refuse(exchange, { status: 487, reason: 'cancelled' }, 'cancelled');
  }

  /** An INVITE from before a restart still rings somewhere: its branch is the one this CANCEL gets. */
  #pass(request: SipRequest, arrival: Arrival): Answer | undefined {
    const { admission, interfaces, forwarder } = this.#options;
    const tenant = admission.tenantOf(request, arrival);
    if ('status' in tenant) return tenant;
    const egress = interfaces.named(tenant.egress);
    const [hop] = tenant.nextHops;
    if (!egress || !hop || request.toTag !== '' || request.maxForwards === 0) {
      return { status: 481, reason: 'nothing_to_cancel' };
    }
    forwarder.pass(request, arrival, { egress, splices: hopEdits(request, arrival), hop });
    return undefined;
  }
}

/** Whether a final response of this attempt would be passed on. */
function isAwaited({ client }: Attempt): boolean {
  return !client.terminated && client.state !== 'completed' && !client.abandoned;
}
