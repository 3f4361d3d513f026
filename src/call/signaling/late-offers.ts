/**
 * Offers that come in the responses to an INVITE without one, and their answers: in the ACK of its 2xx, or in the PRACK
 * of a reliable provisional one (RFC 3261 §13.2.1, RFC 3262 §5). Each answerer's offer is one, wherever it is repeated.
 */

import { rewriteSdp } from '../../protocol/sdp/rewrite.ts';
import { scanSdp } from '../../protocol/sdp/scan.ts';
import { linesNamed, valueText } from '../../protocol/sip/head-index.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Call } from './calls.ts';
import type { DialogPlace, Exchange } from './exchange.ts';
import type { SignalingLimits } from './limits.ts';
import type { AnchorResult, MediaAnchor } from './media-anchor.ts';
import type { SdpBody } from './offer-answer-body.ts';
import { editSdp, findSdp } from './offer-answer-body.ts';
import type { Tally } from './tally.ts';

export interface LateOffersOptions {
  readonly anchor: MediaAnchor;
  readonly limits: SignalingLimits;
  readonly tally: Tally;
}

type Place = Pick<DialogPlace, 'from' | 'branch'>;

export class LateOffers {
  readonly #options: LateOffersOptions;

  constructor(options: LateOffersOptions) {
    this.#options = options;
  }

  /** The edits of a response of that exchange, if its body is a late offer. The same offer again gets the same. */
  offer(exchange: Exchange, response: SipResponse, branch: string | undefined): readonly Splice[] {
    const dialog = exchange.plan?.dialog;
    if (!dialog?.call || dialog.call.ended || branch === undefined || response.status >= 300) return [];
    if (dialog.call.tenant.mediaMode === 'signaling-only' || !asksForOffer(exchange.request)) return [];
    const body = findSdp(response);
    if (body.kind !== 'sdp' && body.kind !== 'sealed') return [];
    exchange.offeredIn ??= response.status < 200 ? 'provisional' : 'final';
    const { call } = dialog;
    const from = dialog.from === 'caller' ? 'callee' : 'caller';
    const transaction = lateOfferName(exchange.request.cseq.number, { from: dialog.from, branch });
    const { sdp, signed } = body;
    const result = this.#options.anchor.offer({ call: call.id, from, transaction, branch, sdp, signed });
    if (result.kind === 'reject') {
      // A proxy cannot refuse what comes in a response; passed on raw, it could make a secure leg plain around us.
      this.#options.tally.noted('late_offer_refused');
      this.#remember(call, transaction, 'passed');
      return body.kind === 'sdp' ? editSdp(response, body, closeAudio(sdp)) : [];
    }
    this.#remember(call, transaction, 'open');
    return editsOf(response, body, result);
  }

  /**
   * The edits of an ACK for a 2xx, if it answers a late offer; the same ACK again gets the same. One that brings no
   * answer takes the offer back. `place` says who sent it, and in which dialog.
   */
  acknowledge(call: Call, ack: SipRequest, place: Place): readonly Splice[] {
    const transaction = lateOfferName(ack.cseq.number, place);
    const state = call.lateOffers.get(transaction);
    if (state === undefined || state === 'passed') return [];
    const body = findSdp(ack);
    if (body.kind === 'sdp') return this.#answer(call, ack, body, { ...place, transaction });
    if (state === 'open') this.#options.anchor.refuse({ call: call.id, transaction });
    return [];
  }

  /**
   * The edits of a PRACK, if it answers the offer of the response that it acknowledges; undefined where it does not, and
   * may bring an offer of its own. One without an answer leaves the offer open: the ACK may yet bring it.
   */
  acknowledgeReliable(call: Call, prack: SipRequest, place: Place): readonly Splice[] | undefined {
    const inviteCseq = readAcknowledged(prack);
    if (inviteCseq === undefined) return undefined;
    const transaction = lateOfferName(inviteCseq, place);
    const state = call.lateOffers.get(transaction);
    if (state === 'passed') return [];
    if (state !== 'open') return undefined;
    const body = findSdp(prack);
    return body.kind === 'sdp' ? this.#answer(call, prack, body, { ...place, transaction }) : [];
  }

  #answer(
    call: Call,
    message: SipMessage,
    body: Extract<SdpBody, { kind: 'sdp' }>,
    { from, branch, transaction }: Place & { readonly transaction: string },
  ): readonly Splice[] {
    call.lateOffers.set(transaction, 'answered');
    const { sdp } = body;
    return editsOf(message, body, this.#options.anchor.answer({ call: call.id, from, branch, transaction, sdp }));
  }

  /** Of the oldest beyond the limit no answer is awaited any more. */
  #remember({ id, lateOffers }: Call, transaction: string, state: 'open' | 'passed'): void {
    if (lateOffers.has(transaction)) return;
    const { anchor, limits } = this.#options;
    for (const [oldest, former] of lateOffers) {
      if (lateOffers.size < limits.maxLateOffers) break;
      lateOffers.delete(oldest);
      if (former === 'open') anchor.refuse({ call: id, transaction: oldest });
    }
    lateOffers.set(transaction, state);
  }
}

/** The name that an answerer's late offer in that exchange has with the anchor; undefined when it made none. */
export function lateOfferOf({ request, plan }: Exchange, branch: string): string | undefined {
  if (!plan?.dialog.call) return undefined;
  const name = lateOfferName(request.cseq.number, { from: plan.dialog.from, branch });
  const state = plan.dialog.call.lateOffers.get(name);
  return request.method === 'INVITE' && state !== undefined && state !== 'passed' ? name : undefined;
}

/** An INVITE was refused: what its answerers offered, but for those whose 2xx stands, is taken back. */
export function refuseLateOffers(anchor: MediaAnchor, { request, plan, confirmed }: Exchange): void {
  const call = plan?.dialog.call;
  if (!call || request.method !== 'INVITE') return;
  const prefix = lateOfferName(request.cseq.number, { from: plan.dialog.from, branch: '' });
  for (const transaction of [...call.lateOffers.keys()]) {
    if (!transaction.startsWith(prefix) || confirmed.has(transaction.slice(prefix.length))) continue;
    call.lateOffers.delete(transaction);
    anchor.refuse({ call: call.id, transaction });
  }
}

/** One name for an INVITE, its PRACKs and its ACK, per answerer: each answerer of a fork brings its own offer. */
function lateOfferName(inviteCseq: number, place: Place): string {
  return `${place.from}:late:${inviteCseq}:${place.branch}`;
}

/** An INVITE with a body that we cannot read may have its offer in it. */
function asksForOffer(request: SipRequest): boolean {
  return request.method === 'INVITE' && findSdp(request).kind === 'none';
}

/** The CSeq number of the INVITE whose response a PRACK acknowledges (RFC 3262 §7.2): `RAck: 1 314159 INVITE`. */
function readAcknowledged(prack: SipRequest): number | undefined {
  const [line, ...others] = linesNamed(prack.head, 'rack');
  const found = line && /^\d{1,10}\s+(\d{1,10})\s+INVITE$/.exec(valueText(prack.head, line));
  return found && others.length === 0 ? Number(found[1]) : undefined;
}

/** Splices that refuse every line of audio; none where the description cannot be read in one way only. */
function closeAudio(bytes: Buffer): readonly Splice[] {
  const scan = scanSdp(bytes);
  if (scan.kind === 'refused') return [];
  const audio = [...scan.sdp.media.entries()].filter(([, { media }]) => media.media === 'audio');
  return rewriteSdp(scan.sdp, new Map(audio.map(([index]) => [index, { kind: 'closed' } as const])));
}

function editsOf(message: SipMessage, body: SdpBody, result: AnchorResult): readonly Splice[] {
  return result.kind === 'edit' && body.kind === 'sdp' ? editSdp(message, body, result.edits) : [];
}
