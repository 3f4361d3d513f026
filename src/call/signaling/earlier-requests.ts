/**
 * The way back of a response whose request an earlier life of this process sent: what it does to the media that was
 * offered, and what it means for the call. There is no transaction: what is said twice is said on twice, and means once.
 */

import type { SipResponse } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import { anchorAnswer } from './anchoring.ts';
import type { Asked } from './asked.ts';
import type { Call, Calls } from './calls.ts';
import type { MediaAnchor } from './media-anchor.ts';
import type { Tally } from './tally.ts';

export interface EarlierRequestsOptions {
  readonly calls: Calls;
  readonly anchor: MediaAnchor;
  readonly tally: Tally;
}

/** A response that was asked for before we were. */
export interface LateResponse {
  /** Its SDP as the other side is to read it. */
  readonly splices: readonly Splice[];
  /** To be called once it was sent on. */
  readonly settle: () => void;
}

const NOTHING: LateResponse = { splices: [], settle: () => undefined };

export class EarlierRequests {
  readonly #options: EarlierRequestsOptions;

  constructor(options: EarlierRequestsOptions) {
    this.#options = options;
  }

  take(response: SipResponse): LateResponse {
    const { calls } = this.#options;
    const found = calls.findAsked(response.topVia.branch);
    if (found?.asked.method !== response.cseq.method) return NOTHING;
    const { call, asked } = found;
    const branch = asked.initial ? this.#branchOf(call, response) : asked.branch;
    if (branch === undefined) return NOTHING;
    const splices = anchorAnswer(this.#options, { ...asked, call }, response, branch);
    return { splices, settle: () => this.#settle(call, asked, response, branch) };
  }

  #branchOf(call: Call, { toTag }: SipResponse): string | undefined {
    return toTag === '' || this.#options.calls.noteBranch(call, toTag) ? toTag : undefined;
  }

  #settle(call: Call, asked: Asked, { status }: SipResponse, branch: string): void {
    const { calls } = this.#options;
    calls.touch(call);
    if (asked.method === 'BYE') {
      if (status >= 200 && status !== 401 && status !== 407) calls.endBranch(call, branch, 'bye');
    } else if (status >= 300) {
      this.#refused(call, asked);
    } else if (status >= 200 && asked.method === 'INVITE') {
      this.#confirmed(call, asked, branch);
    }
    calls.tell(call);
  }

  #confirmed(call: Call, { offer, initial, hop }: Asked, branch: string): void {
    const { calls, anchor } = this.#options;
    // What was confirmed before stands: a 2xx that is only repeated brings nothing back.
    if (call.branches.get(branch) === 'ended') return;
    if (offer !== undefined) anchor.confirm({ call: call.id, transaction: offer, branch });
    calls.confirmBranch(call, branch);
    if (initial) call.answeredBy.set(branch, hop);
  }

  #refused(call: Call, { offer, initial, method }: Asked): void {
    const { calls, anchor } = this.#options;
    if (offer !== undefined) anchor.refuse({ call: call.id, transaction: offer });
    if (initial && method === 'INVITE' && call.state === 'early') calls.end(call, 'refused');
  }
}
