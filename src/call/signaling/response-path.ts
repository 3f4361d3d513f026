/**
 * The way back: a response from its datagram to the previous hop, and what it means for the call. What a client
 * transaction asks for (another hop, a CANCEL, giving up) is answered here too. It never makes a request of its own kind.
 */

import { assert, unreachable } from '../../base/assert.ts';
import { verifyBranch } from '../../protocol/sip/branch.ts';
import { popVia } from '../../protocol/sip/edits.ts';
import { frameMessage } from '../../protocol/sip/frame.ts';
import { buildAck, buildCancel } from '../../protocol/sip/hop-requests.ts';
import type { SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import { readMessage } from '../../protocol/sip/read-message.ts';
import { markedReplyAddress } from '../../protocol/sip/reply-address.ts';
import { readRetryAfterS } from '../../protocol/sip/retry-after.ts';
import type { ClientEvent } from '../../protocol/sip/transaction/client-event.ts';
import { applySplices } from '../../protocol/splice.ts';
import type { Splice } from '../../protocol/splice.ts';
import { anchorAnswer } from './anchoring.ts';
import type { Calls } from './calls.ts';
import { EarlierRequests } from './earlier-requests.ts';
import type { Attempt, DialogPlace, Exchange } from './exchange.ts';
import type { Forwarder } from './forwarder.ts';
import type { HopHealth } from './hop-health.ts';
import type { HopProbes } from './hop-probes.ts';
import type { Interfaces } from './interfaces.ts';
import type { LateOffers } from './late-offers.ts';
import type { Locator } from './locate.ts';
import type { MediaAnchor } from './media-anchor.ts';
import { hasSdp } from './offer-answer-body.ts';
import { reach } from './reach.ts';
import type { Settlement } from './settlement.ts';
import type { SignalingNotes } from './signaling-notes.ts';
import type { Tally } from './tally.ts';
import type { Transactions } from './transactions.ts';

export interface ResponsePathOptions {
  readonly branchKey: Buffer;
  readonly interfaces: Interfaces;
  readonly transactions: Transactions;
  readonly forwarder: Forwarder;
  readonly locator: Locator;
  readonly health: HopHealth;
  readonly probes: HopProbes;
  readonly calls: Calls;
  readonly anchor: MediaAnchor;
  readonly lateOffers: LateOffers;
  readonly settlement: Settlement;
  readonly notes: SignalingNotes;
  readonly tally: Tally;
}

export class ResponsePath {
  readonly #options: ResponsePathOptions;
  readonly #earlier: EarlierRequests;

  constructor(options: ResponsePathOptions) {
    this.#options = options;
    this.#earlier = new EarlierRequests(options);
  }

  /** A response arrived: to its transaction, or on by its own proof that we sent the request. */
  receive(response: SipResponse): void {
    const { transactions } = this.#options;
    const attempt = transactions.findAttempt(response.topVia.branch, response.cseq.method);
    if (attempt) transactions.receive(attempt, response, () => buildAck(readSent(attempt), response));
    else if (!this.#options.probes.receive(response)) this.#passStateless(response);
  }

  /** What a client transaction asks for. */
  onEvent(attempt: Attempt, event: ClientEvent, response: SipResponse | undefined): void {
    // The fate of a CANCEL shows in the INVITE it cancels.
    if (attempt.purpose === 'cancel') return;
    switch (event.kind) {
      case 'send':
        break;
      case 'deliver':
        if (response) this.#deliver(attempt, response);
        break;
      case 'send_cancel':
        this.#sendCancel(attempt);
        break;
      case 'impatient':
        this.#leaveForAnother(attempt);
        break;
      case 'rang_too_long':
        this.#options.tally.noted('rang_too_long');
        this.#options.transactions.cancel(attempt);
        break;
      case 'unsent':
        this.#options.tally.noted('failover_unsent');
        this.#giveUp(attempt, attempt.hop.host === '' ? 'flow_failed' : 'unreachable');
        break;
      case 'timeout':
        this.#giveUp(attempt, 'silence');
        break;
      default:
        unreachable(event);
    }
  }

  #deliver(attempt: Attempt, response: SipResponse): void {
    const { exchange } = attempt;
    this.#noteAnswer(attempt, response);
    if (response.status === 503 && this.#hasAnother(exchange)) {
      this.#options.tally.noted('failover_503');
      this.#options.forwarder.next(exchange);
    } else if (response.status > 100) {
      // A 100 is for us alone (§16.7 step 5): we sent our own.
      this.#passUpOrAnswer(attempt, response);
    }
  }

  /** A bug on the way of a final response must not leave its sender waiting: then we answer in our own name. */
  #passUpOrAnswer(attempt: Attempt, response: SipResponse): void {
    const { exchange } = attempt;
    try {
      this.#passUp(attempt, response);
    } catch (thrown) {
      this.#options.tally.failed('pass_up', thrown);
      if (response.status < 200 || exchange.server.answered) return;
      this.#options.settlement.refuse(exchange, { status: 500, reason: 'internal' }, 'refused');
    }
  }

  /** anchor → splice → send → what it means (RFC 3261 §16.7). */
  #passUp(attempt: Attempt, response: SipResponse): void {
    const { exchange, target } = attempt;
    const { transport } = attempt.port;
    const { domain } = target;
    const { tally, transactions, settlement, notes } = this.#options;
    const refusal = reasonToDrop(exchange, response);
    if (refusal) {
      tally.dropped(refusal);
      return;
    }
    const branch = this.#branchOf(dialogOf(exchange), response);
    const edits = this.#anchored(exchange, response, branch);
    const splices = [popVia(response), ...edits];
    const bytes = applySplices(response.head.bytes, splices);
    exchange.heard = true;
    transactions.respond(exchange, response.status, bytes);
    const { call } = dialogOf(exchange);
    notes.came(call, response);
    notes.left(call, response, bytes, splices);
    const hop = attempt.hop.flow ? attempt.hop : { host: target.address, port: target.port, transport, domain };
    settlement.answered(exchange, response.status, { branch, hop });
  }

  /** What the anchor makes of its SDP: the answer to the request's offer, or an offer where that had none. */
  #anchored(exchange: Exchange, response: SipResponse, branch: string | undefined): readonly Splice[] {
    const { anchor, lateOffers, tally } = this.#options;
    const dialog = dialogOf(exchange);
    if (dialog.offer === undefined) return lateOffers.offer(exchange, response, branch);
    return branch === undefined ? [] : anchorAnswer({ anchor, tally }, dialog, response, branch);
  }

  /** The answerer a response is from; undefined when there are too many to tell apart. */
  #branchOf(dialog: DialogPlace, response: SipResponse): string | undefined {
    if (!dialog.initial) return dialog.branch;
    const tag = response.toTag;
    return dialog.call && tag !== '' && !this.#options.calls.noteBranch(dialog.call, tag) ? undefined : tag;
  }

  /** With a restart in between there is no transaction: the MAC in the branch is the only leave to send this on. */
  #passStateless(response: SipResponse): void {
    const { branchKey, interfaces, locator, tally } = this.#options;
    const fields = verifyBranch(branchKey, response);
    const at = fields && interfaces.at(fields.ingress);
    const back = response.nextVia && markedReplyAddress(response.nextVia);
    const reached =
      at &&
      back &&
      reach(
        at,
        back,
        locator.known(back).map(({ host }) => host),
      );
    if (reached) {
      tally.noted('stateless_response');
      const { splices, settle } = this.#earlier.take(response);
      reached.port.send(applySplices(response.head.bytes, [popVia(response), ...splices]), reached.target);
      settle();
    } else {
      tally.dropped(at ? 'unreachable_hop' : 'stray_response');
    }
  }

  #sendCancel(attempt: Attempt): void {
    const { exchange, hop, port, target } = attempt;
    const sent = readSent(attempt);
    const cancel = buildCancel(sent, exchange.cancelledBy);
    this.#options.notes.said(dialogOf(exchange).call, cancel);
    this.#options.transactions.start({
      purpose: 'cancel',
      exchange,
      hop,
      port,
      target,
      sent: cancel,
      branch: sent.topVia.branch,
      patienceMs: undefined,
    });
  }

  /** Silence: the next one is tried, and whatever this one still starts is cancelled. */
  #leaveForAnother(attempt: Attempt): void {
    if (!this.#hasAnother(attempt.exchange)) return;
    this.#options.tally.noted('failover_silence');
    this.#noteFailure(attempt);
    this.#options.transactions.forsake(attempt);
    this.#options.forwarder.next(attempt.exchange);
  }

  #giveUp(attempt: Attempt, failure: Exchange['failure']): void {
    this.#noteFailure(attempt);
    attempt.exchange.failure = failure;
    if (this.#hasAnother(attempt.exchange)) this.#options.forwarder.next(attempt.exchange);
    else this.#options.settlement.exhausted(attempt.exchange);
  }

  /** Only of next hops from the routes: what a dialog names is the peers' own affair. */
  #noteFailure(attempt: Attempt): void {
    if (dialogOf(attempt.exchange).initial) this.#options.health.failed(attempt.hop);
  }

  #noteAnswer(attempt: Attempt, response: SipResponse): void {
    const { health } = this.#options;
    // One answer a request: the 100 and the 180 before it are not worth three.
    if (!dialogOf(attempt.exchange).initial || response.status < 200) return;
    if (response.status === 503) health.refused(attempt.hop, readRetryAfterS(response.head));
    else health.answered(attempt.hop);
  }

  #hasAnother(exchange: Exchange): boolean {
    return !exchange.heard && !exchange.cancelledBy && (exchange.plan?.hops.length ?? 0) > 0;
  }
}

/** Why a response of a known request is not passed on. */
function reasonToDrop(exchange: Exchange, response: SipResponse): 'via_stripped' | 'call_ended' | undefined {
  if (!response.nextVia) return 'via_stripped';
  const { call, offer } = dialogOf(exchange);
  // Its session is gone, so its SDP cannot be rewritten as it was; nobody waits for it either.
  const wasAnchored = offer !== undefined || exchange.offeredIn !== undefined;
  return call?.ended && wasAnchored && hasSdp(response) ? 'call_ended' : undefined;
}

function dialogOf(exchange: Exchange): DialogPlace {
  assert(exchange.plan, 'a response belongs to a request that was sent');
  return exchange.plan.dialog;
}

/** Our own request as it left, read back: its bytes are the only copy kept. */
function readSent(attempt: Attempt): SipRequest {
  const framed = frameMessage(attempt.sent);
  assert(framed.kind === 'framed', 'what we sent is a message');
  const message = readMessage(framed.head);
  assert(message.kind === 'request', 'what we sent is a request');
  return message;
}
