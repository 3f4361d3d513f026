/**
 * What was asked of a call's peers, by the branch of our Via: kept with the call, so that a response is known for what it
 * is when an earlier life of this process sent the request. While a request has its transaction nobody looks here.
 */

import type { Side } from '../../model/tenant.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';

/** The request's method, its place in the call, and the next hop it went to. */
export interface Asked {
  readonly method: string;
  readonly hop: HopTarget;
  readonly initial: boolean;
  readonly from: Side;
  readonly branch: string;
  readonly offer: string | undefined;
}

/** Of the oldest beyond these nobody answers any more; a busy dialog has one or two under way. */
const MAX_ASKED = 8;

export function noteAsked(asked: Map<string, Asked>, branch: string, question: Asked): void {
  asked.set(branch, question);
  for (const oldest of asked.keys()) {
    if (asked.size <= MAX_ASKED) return;
    asked.delete(oldest);
  }
}
