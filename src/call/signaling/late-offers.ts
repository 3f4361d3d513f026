/**
 * Offers that come in the 2xx of an INVITE without one, and their answers in its ACK (RFC 3261 §13.2.1). Those of
 * reliable provisional responses, answered in a PRACK, are not looked at: they leave as they came.
 */

import { editBody } from '../../protocol/sip/edits.ts';
import { linesNamed } from '../../protocol/sip/head-index.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import { hasSdp } from './anchoring.ts';
import type { Call } from './calls.ts';
import type { DialogPlace, Exchange } from './exchange.ts';
import type { SignalingLimits } from './limits.ts';
import type { AnchorResult, MediaAnchor } from './media-anchor.ts';
import type { Tally } from './tally.ts';

export interface LateOffersOptions {
  readonly anchor: MediaAnchor;
  readonly limits: SignalingLimits;
  readonly tally: Tally;
}

export class LateOffers {
  readonly #options: LateOffersOptions;

  constructor(options: LateOffersOptions) {
    this.#options = options;
  }

  /** The edits of a response of that exchange, if its body is a late offer. The same 2xx again gets the same. */
  offer(exchange: Exchange, response: SipResponse, branch: string | undefined): readonly Splice[] {
    const dialog = exchange.plan?.dialog;
    if (!dialog?.call || dialog.call.ended || branch === undefined) return [];
    if (!asksForOffer(exchange.request) || !hasSdp(response)) return [];
    if (isReliable(response)) exchange.offeredIn ??= 'provisional';
    if (response.status < 200 || response.status >= 300 || exchange.offeredIn === 'provisional') return [];
    const { call } = dialog;
    const from = dialog.from === 'caller' ? 'callee' : 'caller';
    const transaction = lateOfferName(exchange.request, { from: dialog.from, branch });
    const result = this.#options.anchor.offer({ call: call.id, from, transaction, branch, sdp: response.body });
    if (result.kind === 'reject') {
      // The answerer believes its session stands; a proxy cannot tell it otherwise.
      this.#options.tally.noted('late_offer_refused');
      return [];
    }
    exchange.offeredIn = 'final';
    this.#remember(call, transaction);
    return editsOf(response, result);
  }

  /**
   * The edits of an ACK for a 2xx, if it answers a late offer; the same ACK again gets the same. One that brings no
   * answer takes the offer back. `place` says who sent it, and in which dialog.
   */
  acknowledge(call: Call, ack: SipRequest, place: Pick<DialogPlace, 'from' | 'branch'>): readonly Splice[] {
    const { anchor } = this.#options;
    const transaction = lateOfferName(ack, place);
    const state = call.lateOffers.get(transaction);
    if (!state) return [];
    if (hasSdp(ack)) {
      call.lateOffers.set(transaction, 'answered');
      return editsOf(ack, anchor.answer({ call: call.id, ...place, transaction, sdp: ack.body }));
    }
    if (state === 'open') anchor.refuse({ call: call.id, transaction });
    return [];
  }

  /** Of the oldest beyond the limit no ACK is awaited any more. */
  #remember({ id, lateOffers }: Call, transaction: string): void {
    if (lateOffers.has(transaction)) return;
    const { anchor, limits } = this.#options;
    for (const [oldest, state] of lateOffers) {
      if (lateOffers.size < limits.maxLateOffers) break;
      lateOffers.delete(oldest);
      if (state === 'open') anchor.refuse({ call: id, transaction: oldest });
    }
    lateOffers.set(transaction, 'open');
  }
}

/** The name that an answerer's late offer in that exchange has with the anchor; undefined when it made none. */
export function lateOfferOf({ request, plan }: Exchange, branch: string): string | undefined {
  if (!plan?.dialog.call) return undefined;
  const name = lateOfferName(request, { from: plan.dialog.from, branch });
  return request.method === 'INVITE' && plan.dialog.call.lateOffers.has(name) ? name : undefined;
}

/** One name for an INVITE and its ACK, per answerer: each 2xx of a fork brings its own offer. */
function lateOfferName(request: SipRequest, place: Pick<DialogPlace, 'from' | 'branch'>): string {
  return `${place.from}:late:${request.cseq.number}:${place.branch}`;
}

/** An INVITE with any body may have its offer in it, though we cannot read it there. */
function asksForOffer(request: SipRequest): boolean {
  return request.method === 'INVITE' && request.body.length === 0;
}

/** RFC 3262 §3. */
function isReliable(response: SipResponse): boolean {
  return response.status < 200 && linesNamed(response.head, 'rseq').length > 0;
}

function editsOf(message: SipMessage, result: AnchorResult): readonly Splice[] {
  return result.kind === 'edit' ? editBody(message.head, result.edits) : [];
}
