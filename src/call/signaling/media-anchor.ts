/**
 * What the proxy asks of media anchoring, as one interface: offers and answers in, splices on their own bytes out.
 * It says nothing of SIP; whoever implements it never sees a message, only the SDP body and who sent it.
 */

import type { CallId } from '../../base/ids.ts';
import type { RoutedTenant } from '../../model/routing.ts';
import type { CallFact, LegFact, SignedMedia } from '../../model/call.ts';
import type { Side } from '../../model/tenant.ts';
import type { Splice } from '../../protocol/splice.ts';

export type AnchorResult =
  /** Splices on the SDP body's own bytes (offset 0 is the body's first byte); may be empty. */
  | { readonly kind: 'edit'; readonly edits: readonly Splice[] }
  /** The SDP leaves as it came. `reason` is a closed word: no_port, signed, no_audio, not_anchored … */
  | { readonly kind: 'untouched'; readonly reason: string }
  /** Answered to the offerer with this status: 488, 503 … `reason` is a closed word. */
  | { readonly kind: 'reject'; readonly status: number; readonly phrase: string; readonly reason: string };

export interface MediaAnchor {
  /** A call begins; nothing is taken yet. `tenant` says how each leg's media is to be. */
  open(call: CallId, tenant: RoutedTenant): void;
  /**
   * An offer in a request travelling from side `from`, or in the 2xx of a request without one. `transaction` names the
   * request's transaction uniquely within the call and is the same for its retransmissions. Same offer, same result.
   */
  offer(offer: {
    readonly call: CallId;
    readonly from: Side;
    readonly transaction: string;
    readonly branch: string;
    readonly sdp: Buffer;
    /** A signature covers it: it cannot be edited without breaking that. */
    readonly signed?: SignedMedia | undefined;
  }): AnchorResult;
  /**
   * An answer in a response (or ACK, or PRACK) from side `from` to that transaction's offer. `branch` is the To
   * tag of the answerer for the initial INVITE; in a dialog, the dialog's remote tag on the callee side.
   */
  answer(answer: {
    readonly call: CallId;
    readonly from: Side;
    readonly transaction: string;
    readonly branch: string;
    readonly sdp: Buffer;
  }): AnchorResult;
  /** 2xx to an INVITE: that branch is confirmed and becomes the active one. */
  confirm(confirmed: { readonly call: CallId; readonly transaction: string; readonly branch: string }): void;
  /**
   * Final refusal, CANCEL, timeout, or an ACK without the answer that its 2xx asked for: what that transaction proposed
   * is rolled back.
   */
  refuse(refused: { readonly call: CallId; readonly transaction: string }): void;
  /** The call is over: its session is ended and its ports freed. */
  end(call: CallId): void;
  /** Legs and streams as they stand, for call.started and call.changed facts. */
  describe(call: CallId): MediaFacts;
}

/** What is said of a call's media: never an address, port or key. */
export type MediaFacts = Pick<CallFact, 'media' | 'signedMedia'> & { readonly legs: readonly LegFact[] };
