/** Offers and answers handed to the media anchor, and its verdict as splices on the message: the ways SDP may travel. */

import type { SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Call } from './calls.ts';
import type { DialogPlace } from './exchange.ts';
import { offerName } from './exchange.ts';
import type { LateOffers } from './late-offers.ts';
import type { AnchorResult, MediaAnchor } from './media-anchor.ts';
import { editSdp, findSdp } from './offer-answer-body.ts';
import type { Tally } from './tally.ts';

export type Rejection = Extract<AnchorResult, { readonly kind: 'reject' }>;

export type OfferVerdict =
  /** `offer` is undefined when the request carried none. */
  | { readonly kind: 'go'; readonly offer: string | undefined; readonly splices: readonly Splice[] }
  | { readonly kind: 'reject'; readonly offer: string; readonly rejection: Rejection };

export interface Anchoring {
  readonly anchor: MediaAnchor;
  readonly lateOffers: LateOffers;
  readonly tally: Tally;
}

const NO_OFFER: OfferVerdict = { kind: 'go', offer: undefined, splices: [] };
/** Requests whose body may be an offer (RFC 3261 §13.2.1, RFC 3311, RFC 3262 §5). */
const OFFERING = new Set(['INVITE', 'UPDATE', 'PRACK']);

/** The edits of a request: of the offer in it, or of the answer that a PRACK brings to an offer of its INVITE's. */
export function anchorOffer(
  { anchor, lateOffers, tally }: Anchoring,
  call: Call | undefined,
  request: SipRequest,
  place: Pick<DialogPlace, 'from' | 'branch'>,
): OfferVerdict {
  if (!call || call.tenant.mediaMode === 'signaling-only' || !OFFERING.has(request.method)) return NO_OFFER;
  const answered = request.method === 'PRACK' ? lateOffers.acknowledgeReliable(call, request, place) : undefined;
  if (answered) return { kind: 'go', offer: undefined, splices: answered };
  const body = findSdp(request);
  if (body.kind === 'unreadable') tally.noted(`body_${body.reason}`);
  if (body.kind === 'none' || body.kind === 'unreadable') return NO_OFFER;
  const offer = offerName(request, place);
  const { sdp, signed } = body;
  const result = anchor.offer({ call: call.id, ...place, transaction: offer, sdp, signed });
  switch (result.kind) {
    case 'edit':
      return { kind: 'go', offer, splices: body.kind === 'sdp' ? editSdp(request, body, result.edits) : [] };
    case 'untouched':
      return { kind: 'go', offer, splices: [] };
    case 'reject':
      return { kind: 'reject', offer, rejection: result };
  }
}

/**
 * The answer to an offer that went through us. One that the anchor rejects goes on as it came: whoever sent it believes
 * the session stands, and a proxy cannot tell it otherwise. SDP in a refusal says what could be, and answers nothing.
 */
export function anchorAnswer(
  { anchor, tally }: Pick<Anchoring, 'anchor' | 'tally'>,
  place: DialogPlace,
  response: SipResponse,
  branch: string,
): readonly Splice[] {
  if (!place.call || place.offer === undefined || response.status >= 300) return [];
  const body = findSdp(response);
  if (body.kind !== 'sdp') return [];
  const from = place.from === 'caller' ? 'callee' : 'caller';
  const { call, offer: transaction } = place;
  const result = anchor.answer({ call: call.id, from, transaction, branch, sdp: body.sdp });
  if (result.kind !== 'edit') return [];
  // The offer was edited before anybody could know: without its answer there would be no media at all.
  if (body.signed) tally.noted('signed_answer_edited');
  return editSdp(response, body, result.edits);
}
