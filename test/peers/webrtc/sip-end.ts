/** A small SIP user agent on any wire, which says what its test tells it to. It retransmits nothing and trusts its peer. */

import { randomBytes } from 'node:crypto';
import { type Dialog, dialogFromRequest, dialogFromResponse } from '../../../src/demo/softphone/dialog.ts';
import {
  readSip,
  writeRequest,
  writeResponse,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../../src/demo/softphone/sip-text.ts';
import { until } from '../udp-peer.ts';
import type { Wire } from './wires.ts';

export interface Outgoing {
  readonly to: string;
  readonly routes?: readonly string[];
  readonly extra?: readonly string[];
  readonly sdp?: string;
}

export interface CallOf<Message extends SipMessage> {
  readonly dialog: Dialog;
  /** What brought the other's description: its INVITE, or its answer to ours. */
  readonly message: Message;
}

export class SipEnd {
  readonly #wire: Wire;
  readonly #taken = new Set<string>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get contact(): string {
    return this.#wire.contact;
  }

  /** Sends a request outside any dialog, and waits for its final response. */
  async ask(method: string, { to, routes = [], extra, sdp }: Outgoing): Promise<SipResponse> {
    const callId = token();
    this.#wire.send(
      writeRequest({
        ...{ method, uri: to, via: this.#via(), routes, callId, cseq: 1, extra, sdp },
        from: `<${this.#wire.contact}>;tag=${token()}`,
        to: `<${to}>`,
        contact: this.#wire.contact,
      }),
    );
    return this.#final(callId, { method, number: 1 });
  }

  /** Calls, and acknowledges the answer. */
  async call(outgoing: Outgoing): Promise<CallOf<SipResponse>> {
    const message = await this.ask('INVITE', outgoing);
    if (message.status !== 200) throw new Error(`the call was answered with ${message.status}`);
    const dialog = dialogFromResponse(message, 1)!;
    this.#acknowledge(dialog, 1);
    return { dialog, message };
  }

  /** The next request with that method. */
  async request(method: string): Promise<SipRequest> {
    let found: SipRequest | undefined;
    await until(() => {
      found = this.#messages().find(
        (message): message is SipRequest =>
          message.kind === 'request' && message.method === method && !this.#taken.has(nameOf(message)),
      );
      return found !== undefined;
    });
    this.#taken.add(nameOf(found!));
    return found!;
  }

  /** Answers a call with 200, once and for all its repetitions. */
  accept(invite: SipRequest, sdp: string): CallOf<SipRequest> {
    const tag = token();
    this.answer(invite, { sdp, toTag: tag });
    return { dialog: dialogFromRequest(invite, tag)!, message: invite };
  }

  answer(request: SipRequest, { sdp, toTag }: { readonly sdp?: string; readonly toTag?: string } = {}): void {
    const contact = request.method === 'INVITE' ? this.#wire.contact : undefined;
    this.#wire.send(writeResponse(request, { status: 200, phrase: 'OK', toTag, contact, sdp }));
  }

  /** A request in a dialog, and its final response; a 2xx to an INVITE is acknowledged. */
  async say(dialog: Dialog, method: 'BYE' | 'INVITE', sdp?: string): Promise<SipResponse> {
    const parts = dialog.nextRequest(method);
    const contact = method === 'INVITE' ? this.#wire.contact : undefined;
    this.#wire.send(writeRequest({ ...parts, via: this.#via(), contact, sdp }));
    const response = await this.#final(dialog.callId, { method, number: parts.cseq });
    if (method === 'INVITE' && response.status === 200) this.#acknowledge(dialog, parts.cseq);
    return response;
  }

  close(): void {
    this.#wire.close();
  }

  #acknowledge(dialog: Dialog, cseq: number): void {
    this.#wire.send(writeRequest({ ...dialog.nextRequest('ACK', cseq), via: this.#via() }));
  }

  async #final(callId: string, cseq: { readonly method: string; readonly number: number }): Promise<SipResponse> {
    const find = (): SipResponse | undefined =>
      this.#messages().find(
        (message): message is SipResponse =>
          message.kind === 'response' &&
          message.status >= 200 &&
          message.callId === callId &&
          message.cseq.number === cseq.number &&
          message.cseq.method === cseq.method,
      );
    await until(() => find() !== undefined);
    return find()!;
  }

  #messages(): SipMessage[] {
    return this.#wire.heard.flatMap((bytes) => readSip(bytes) ?? []);
  }

  #via(): string {
    return `${this.#wire.via};branch=z9hG4bK${token()};rport`;
  }
}

/** The same for a repetition. */
function nameOf({ callId, method, cseq, fromTag }: SipRequest): string {
  return `${callId} ${fromTag} ${method} ${cseq.number}`;
}

function token(): string {
  return randomBytes(8).toString('hex');
}
