/** Offers and answers handed to the media anchor, and its verdict as splices on the message. Only whole SDP bodies. */

import { editBody } from '../../protocol/sip/edits.ts';
import { linesNamed, valueText } from '../../protocol/sip/head-index.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Call } from './calls.ts';
import type { DialogPlace } from './exchange.ts';
import { offerName } from './exchange.ts';
import type { AnchorResult, MediaAnchor } from './media-anchor.ts';

export type Rejection = Extract<AnchorResult, { readonly kind: 'reject' }>;

export type OfferVerdict =
  /** `offer` is undefined when the request carried none. */
  | { readonly kind: 'go'; readonly offer: string | undefined; readonly splices: readonly Splice[] }
  | { readonly kind: 'reject'; readonly offer: string; readonly rejection: Rejection };

const NO_OFFER: OfferVerdict = { kind: 'go', offer: undefined, splices: [] };
/** Requests whose body is an offer (RFC 3261 §13.2.1, RFC 3311). */
const OFFERING = new Set(['INVITE', 'UPDATE']);

/** A body that is SDP and nothing else. Multipart and encoded bodies are left alone. */
export function hasSdp(message: SipMessage): boolean {
  if (message.contentType !== 'application/sdp') return false;
  const [encoding] = linesNamed(message.head, 'content-encoding');
  return !encoding || valueText(message.head, encoding).toLowerCase() === 'identity';
}

export function anchorOffer(
  anchor: MediaAnchor,
  call: Call | undefined,
  request: SipRequest,
  place: Pick<DialogPlace, 'from' | 'branch'>,
): OfferVerdict {
  if (!call || !OFFERING.has(request.method) || !hasSdp(request)) return NO_OFFER;
  const offer = offerName(request, place);
  const result = anchor.offer({ call: call.id, ...place, transaction: offer, sdp: request.body });
  switch (result.kind) {
    case 'edit':
      return { kind: 'go', offer, splices: editBody(request.head, result.edits) };
    case 'untouched':
      return { kind: 'go', offer, splices: [] };
    case 'reject':
      return { kind: 'reject', offer, rejection: result };
  }
}

/**
 * The answer to an offer that went through us. One that the anchor rejects goes on as it came: whoever sent it believes
 * the session stands, and a proxy cannot tell it otherwise.
 */
export function anchorAnswer(
  anchor: MediaAnchor,
  place: DialogPlace,
  response: SipResponse,
  branch: string,
): readonly Splice[] {
  if (!place.call || place.offer === undefined || !hasSdp(response)) return [];
  const from = place.from === 'caller' ? 'callee' : 'caller';
  const { call, offer: transaction } = place;
  const result = anchor.answer({ call: call.id, from, transaction, branch, sdp: response.body });
  return result.kind === 'edit' ? editBody(response.head, result.edits) : [];
}
