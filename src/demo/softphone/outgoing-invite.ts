/** A call being set up by us: INVITE, what comes back, and taking it back. It knows nothing of media. */

import { DemoError } from '../error.ts';
import type { AgentCore } from './agent-core.ts';
import { defer, type Deferred } from './deferred.ts';
import { dialogFromResponse } from './dialog.ts';
import { SipCall } from './sip-call.ts';
import { headerText, sdpOf, writeRequest, type RequestParts, type SipResponse } from './sip-text.ts';
import type { Endpoint } from './udp-port.ts';

export interface InviteOptions {
  /** Request-URI, also the To. */
  readonly uri: string;
  /** Address of record of the caller. */
  readonly from: string;
  /** Where the INVITE is sent: the proxy, or the callee itself. */
  readonly nextHop: Endpoint;
  readonly sdp: string;
  /** How long it may take to be answered; then it is cancelled. */
  readonly deadlineMs: number;
  readonly extraHeaders?: readonly string[] | undefined;
}

export interface OutgoingInvite {
  /** The call once it is answered. Rejects with `CALL_REFUSED`, `DEADLINE` or `STOPPED`. */
  readonly answered: Promise<SipCall>;
  /** Takes the INVITE back; `answered` rejects with `STOPPED` unless it was too late. */
  cancel(): void;
}

/** How long a cancelled INVITE may take to be refused. */
const CANCEL_LIMIT_MS = 3000;

export function sendInvite(core: AgentCore, options: InviteOptions): OutgoingInvite {
  const invite = new Invite(core, options);
  invite.start();
  return { answered: invite.answered.promise, cancel: () => invite.cancel(stopped()) };
}

class Invite {
  readonly answered: Deferred<SipCall> = defer();
  readonly #core: AgentCore;
  readonly #options: InviteOptions;
  readonly #branch: string;
  readonly #parts: RequestParts;
  readonly #calls = new Map<string, SipCall>();
  #isSettled = false;
  #isProvisional = false;
  #cancelledWith: DemoError | undefined;
  #stopDeadline: () => void = () => undefined;

  constructor(core: AgentCore, options: InviteOptions) {
    this.#core = core;
    this.#options = options;
    this.#branch = core.newBranch();
    this.#parts = {
      method: 'INVITE',
      uri: options.uri,
      via: core.via(this.#branch),
      routes: [],
      from: `<${options.from}>;tag=${core.newToken()}`,
      to: `<${options.uri}>`,
      callId: core.newToken(),
      cseq: 1,
      contact: core.contact,
      extra: options.extraHeaders,
      sdp: options.sdp,
    };
  }

  start(): void {
    const { clock, clients } = this.#core;
    const bytes = writeRequest(this.#parts);
    this.#stopDeadline = clock.after(this.#options.deadlineMs, () =>
      this.cancel(new DemoError('DEADLINE', 'the call was not answered in time')),
    );
    clients.start({
      branch: this.#branch,
      method: 'INVITE',
      send: () => this.#send(bytes),
      acknowledge: (refusal) => this.#send(writeRequest(this.#without('ACK', headerText(refusal, 'to')))),
      onResponse: (response) => this.#receive(response),
      onLost: (why) =>
        this.#fail(why === 'stopped' ? stopped() : new DemoError('DEADLINE', 'nobody answered the INVITE')),
    });
  }

  /** CANCEL may follow only a provisional response (RFC 3261 §9.1); before one there is nothing to take back. */
  cancel(reason: DemoError): void {
    if (this.#isSettled || this.#cancelledWith) return;
    this.#cancelledWith = reason;
    if (!this.#isProvisional) {
      this.#fail(reason);
      return;
    }
    const bytes = writeRequest(this.#without('CANCEL', this.#parts.to));
    this.#core.clients.start({
      branch: this.#branch,
      method: 'CANCEL',
      send: () => this.#send(bytes),
      onResponse: () => undefined,
      onLost: () => undefined,
    });
    this.#stopDeadline();
    this.#stopDeadline = this.#core.clock.after(CANCEL_LIMIT_MS, () => this.#fail(reason));
  }

  #receive(response: SipResponse): void {
    if (response.status < 200) {
      this.#isProvisional = true;
      return;
    }
    if (response.status >= 300) {
      this.#fail(this.#cancelledWith ?? new DemoError('CALL_REFUSED', `the call was refused with ${response.status}`));
      return;
    }
    this.#accept(response);
  }

  /** Every 2xx is acknowledged. Only the first is a call; one that comes from elsewhere, or too late, is hung up. */
  #accept(response: SipResponse): void {
    const known = this.#calls.get(response.toTag);
    if (known) {
      known.acknowledge(response);
      return;
    }
    const dialog = dialogFromResponse(response, this.#parts.cseq);
    if (!dialog) {
      this.#fail(new DemoError('CALL_REFUSED', 'the 2xx had no Contact or no tag'));
      return;
    }
    const call = new SipCall({ core: this.#core, dialog, peerSdp: sdpOf(response) });
    this.#calls.set(response.toTag, call);
    this.#core.adopt(call);
    call.acknowledge(response);
    if (this.#isSettled || this.#cancelledWith) {
      void call.hangUp();
      this.#fail(this.#cancelledWith ?? stopped());
      return;
    }
    this.#settle();
    this.answered.resolve(call);
  }

  #fail(reason: DemoError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.answered.reject(reason);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopDeadline();
  }

  /** ACK of a refusal and CANCEL repeat the INVITE's own Via, Call-ID and number (RFC 3261 §9.1, §17.1.1.3). */
  #without(method: 'ACK' | 'CANCEL', to: string): RequestParts {
    return { ...this.#parts, method, to, contact: undefined, extra: undefined, sdp: undefined };
  }

  #send(bytes: Buffer): void {
    this.#core.send(bytes, this.#options.nextHop);
  }
}

function stopped(): DemoError {
  return new DemoError('STOPPED', 'the call was given up');
}
