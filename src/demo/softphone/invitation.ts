/** A call being offered to us: ring, accept, refuse, or learn that the caller took it back. */

import type { AgentCore } from './agent-core.ts';
import { dialogFromRequest } from './dialog.ts';
import type { ServerTransaction } from './server-transactions.ts';
import { SipCall } from './sip-call.ts';
import { partyUri, sdpOf } from './sip-text.ts';

export class Invitation {
  /** What the caller offers; undefined when it wants us to offer. */
  readonly offer: Buffer | undefined;
  /** URI of the caller, as it says. */
  readonly from: string;
  readonly #core: AgentCore;
  readonly #transaction: ServerTransaction;
  readonly #localTag: string;
  #isOpen = true;
  #onCancelled: () => void = () => undefined;

  constructor(core: AgentCore, transaction: ServerTransaction) {
    this.#core = core;
    this.#transaction = transaction;
    this.#localTag = core.newToken();
    this.offer = sdpOf(transaction.request);
    this.from = partyUri(transaction.request, 'from');
    transaction.respond({ status: 100, phrase: 'Trying' });
  }

  /** Whether it may still be accepted or refused. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  whenCancelled(task: () => void): void {
    this.#onCancelled = task;
  }

  ring(): void {
    if (this.#isOpen) this.#respond(180, 'Ringing');
  }

  /** Answers with 200 and `sdp`; undefined when it is too late, or the caller left no address to talk to. */
  accept(sdp: string): SipCall | undefined {
    if (!this.#isOpen) return undefined;
    const { request } = this.#transaction;
    const dialog = dialogFromRequest(request, this.#localTag);
    if (!dialog) {
      this.refuse(400, 'Bad Request');
      return undefined;
    }
    this.#isOpen = false;
    const call = new SipCall({ core: this.#core, dialog, peerSdp: this.offer });
    this.#core.adopt(call);
    call.accept(this.#transaction, sdp);
    return call;
  }

  refuse(status: number, phrase: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#respond(status, phrase);
  }

  /** The caller took it back. */
  cancel(): void {
    if (!this.#isOpen) return;
    this.refuse(487, 'Request Terminated');
    this.#onCancelled();
  }

  #respond(status: number, phrase: string): void {
    this.#transaction.respond({ status, phrase, toTag: this.#localTag, contact: this.#core.contact });
  }
}
