/** One established call: its dialog's requests in both directions until somebody hangs up. Media is not its concern. */

import { DemoError } from '../error.ts';
import type { AgentCore, CallInDialog } from './agent-core.ts';
import { defer, withDeadline } from './deferred.ts';
import type { Dialog } from './dialog.ts';
import { startRetransmission } from './retransmission.ts';
import type { ServerTransaction } from './server-transactions.ts';
import { sdpOf, writeRequest, type SipRequest, type SipResponse } from './sip-text.ts';

/** Who ended it: us, the peer, nobody (our 2xx was never acknowledged), or the end of the agent itself. */
export type CallEnd = 'local' | 'remote' | 'unacknowledged' | 'stopped';

/** Answers an offer made within the call; undefined when it cannot be accepted. */
export type OnOffer = (offer: Buffer) => string | undefined;

export interface SipCallOptions {
  readonly core: AgentCore;
  readonly dialog: Dialog;
  /** What the peer described in the INVITE or in its 2xx; undefined when there was nothing. */
  readonly peerSdp: Buffer | undefined;
}

const BYE_LIMIT_MS = 5000;

export class SipCall implements CallInDialog {
  readonly dialog: Dialog;
  readonly peerSdp: Buffer | undefined;
  /** Until it is set every offer within the call is refused with 488. */
  onOffer: OnOffer = () => undefined;
  readonly #core: AgentCore;
  readonly #ended = defer<CallEnd>();
  readonly #confirmed = defer<undefined>();
  #isOver = false;
  #isOffering = false;
  #awaitedAck: { readonly cseq: number; readonly stop: () => void } | undefined;
  #lastAck: { readonly cseq: number; readonly send: () => void } | undefined;

  constructor({ core, dialog, peerSdp }: SipCallOptions) {
    this.#core = core;
    this.dialog = dialog;
    this.peerSdp = peerSdp;
  }

  /** Resolves once, when the call is over; never rejects. */
  get ended(): Promise<CallEnd> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Callee only: resolves with the ACK of our 2xx. Rejects with `CALL_ENDED` when the call ends without it. */
  get confirmed(): Promise<undefined> {
    return this.#confirmed.promise;
  }

  /** Sends BYE and resolves when it was answered or given up; the call is over at once. */
  hangUp(): Promise<void> {
    return this.#leave('local');
  }

  /** Offers new media within the call (re-INVITE) and resolves with the peer's answer. */
  async reoffer(sdp: string, deadlineMs: number): Promise<Buffer> {
    if (this.#isOver) throw new DemoError('CALL_ENDED', 'the call is over');
    this.#isOffering = true;
    try {
      const answered = this.#request('INVITE', sdp);
      const response = await withDeadline(this.#core.clock, answered, deadlineMs, 're-INVITE');
      const answer = sdpOf(response);
      if (response.status >= 300 || !answer) {
        throw new DemoError('CALL_REFUSED', `the re-INVITE was answered ${response.status}`);
      }
      return answer;
    } finally {
      this.#isOffering = false;
    }
  }

  /** Acknowledges a 2xx to our INVITE with that number, and again when it is repeated. */
  acknowledge(response: SipResponse): void {
    const cseq = response.cseq.number;
    if (this.#lastAck?.cseq !== cseq) {
      const parts = this.dialog.nextRequest('ACK', cseq);
      const bytes = writeRequest({ ...parts, via: this.#core.via(this.#core.newBranch()) });
      const target = this.dialog.nextHop;
      this.#lastAck = { cseq, send: () => target && this.#core.send(bytes, target) };
    }
    this.#lastAck.send();
  }

  /** Answers an INVITE of this call with 200 and repeats it until its ACK. */
  accept(transaction: ServerTransaction, sdp: string): void {
    this.#awaitedAck?.stop();
    const { contact, clock } = this.#core;
    transaction.respond({ status: 200, phrase: 'OK', toTag: this.dialog.local.tag, contact, sdp });
    const stop = startRetransmission({
      clock,
      send: () => transaction.repeat(),
      isCapped: true,
      onTimeout: () => void this.#leave('unacknowledged'),
    });
    this.#awaitedAck = { cseq: transaction.request.cseq.number, stop };
  }

  /** Takes an ACK for one of our 2xx. */
  receiveAck(ack: SipRequest): void {
    if (this.#awaitedAck?.cseq !== ack.cseq.number) return;
    this.#awaitedAck.stop();
    this.#awaitedAck = undefined;
    this.#confirmed.resolve(undefined);
  }

  /** Takes a request of this call's dialog other than ACK. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (!this.dialog.admit(request)) {
      transaction.respond({ status: 500, phrase: 'Server Internal Error' });
      return;
    }
    switch (request.method) {
      case 'BYE':
        transaction.respond({ status: 200, phrase: 'OK' });
        {
          this.end('remote');
          return;
        }
      case 'OPTIONS': {
        transaction.respond({ status: 200, phrase: 'OK' });
        return;
      }
      case 'INVITE': {
        this.#receiveOffer(transaction);
        return;
      }
      default: {
        transaction.respond({ status: 405, phrase: 'Method Not Allowed' });
        return;
      }
    }
  }

  /** The call is over for this reason; only the first one counts. */
  end(reason: CallEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#awaitedAck?.stop();
    this.#core.forget(this);
    this.#confirmed.reject(new DemoError('CALL_ENDED', 'the call ended before it was confirmed'));
    this.#ended.resolve(reason);
  }

  async #leave(reason: CallEnd): Promise<void> {
    if (this.#isOver) return;
    this.end(reason);
    const answered = this.#request('BYE', undefined).then(
      () => undefined,
      () => undefined,
    );
    await withDeadline(this.#core.clock, answered, BYE_LIMIT_MS, 'BYE').catch(() => undefined);
  }

  #receiveOffer(transaction: ServerTransaction): void {
    if (this.#isOffering || this.#awaitedAck) {
      transaction.respond({ status: 491, phrase: 'Request Pending' });
      return;
    }
    this.dialog.refreshTarget(transaction.request);
    const offer = sdpOf(transaction.request);
    const answer = offer && this.onOffer(offer);
    if (answer === undefined) transaction.respond({ status: 488, phrase: 'Not Acceptable Here' });
    else this.accept(transaction, answer);
  }

  /** Sends a request within the dialog; resolves with its final response. */
  #request(method: 'BYE' | 'INVITE', sdp: string | undefined): Promise<SipResponse> {
    const target = this.dialog.nextHop;
    const answered = defer<SipResponse>();
    if (!target) {
      answered.reject(new DemoError('CALL_ENDED', 'the peer gave no address that requests could be sent to'));
      return answered.promise;
    }
    const core = this.#core;
    const branch = core.newBranch();
    const contact = method === 'INVITE' ? core.contact : undefined;
    const parts = { ...this.dialog.nextRequest(method), via: core.via(branch), contact };
    const bytes = writeRequest({ ...parts, sdp });
    core.clients.start({
      branch,
      method,
      send: () => core.send(bytes, target),
      acknowledge: () => core.send(writeRequest({ ...parts, method: 'ACK', contact: undefined }), target),
      onResponse: (response) => {
        if (response.status < 200) return;
        if (method === 'INVITE' && response.status < 300) {
          this.dialog.refreshTarget(response);
          this.acknowledge(response);
        }
        answered.resolve(response);
      },
      onLost: () => answered.reject(new DemoError('DEADLINE', `${method} was not answered`)),
    });
    return answered.promise;
  }
}
