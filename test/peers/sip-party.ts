/** A SIP party that says only what a test tells it to, for what no phone can be asked to do. It retransmits nothing. */

import { randomBytes } from 'node:crypto';
import { until } from '../journeys/support/stage.ts';
import {
  readSip,
  writeRequest,
  writeResponse,
  type ResponseParts,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../src/demo/softphone/sip-text.ts';
import { UdpPeer } from './udp-peer.ts';

export interface InviteParts {
  readonly to: string;
  readonly sdp: string;
  readonly maxForwards?: number;
}

export class SipParty {
  readonly #peer: UdpPeer;

  private constructor(peer: UdpPeer) {
    this.#peer = peer;
  }

  static async open(): Promise<SipParty> {
    return new SipParty(await UdpPeer.open());
  }

  get port(): number {
    return this.#peer.port;
  }

  /** Everything it got, in order. */
  get received(): SipMessage[] {
    return this.#peer.received.flatMap((datagram) => readSip(datagram) ?? []);
  }

  /** An INVITE outside of any dialog, sent to that port. */
  invite(port: number, { to, sdp, maxForwards = 70 }: InviteParts): void {
    const token = randomBytes(8).toString('hex');
    const bytes = writeRequest({
      method: 'INVITE',
      uri: to,
      via: `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${token};rport`,
      routes: [],
      from: `<sip:party@127.0.0.1:${this.port}>;tag=${token}`,
      to: `<${to}>`,
      callId: token,
      cseq: 1,
      contact: `sip:party@127.0.0.1:${this.port}`,
      sdp,
    });
    const text = bytes.toString('latin1').replace('Max-Forwards: 70', `Max-Forwards: ${maxForwards}`);
    this.#peer.send(Buffer.from(text, 'latin1'), port);
  }

  /** Answers a request; `extra` are further header lines. */
  answer(request: SipRequest, parts: ResponseParts, extra: readonly string[] = []): void {
    const text = writeResponse(request, { contact: `sip:party@127.0.0.1:${this.port}`, ...parts }).toString('latin1');
    const lines = extra.map((line) => `${line}\r\n`).join('');
    const whole = text.replace(/^Content-Length:/m, `${lines}Content-Length:`);
    this.#peer.send(Buffer.from(whole, 'latin1'), request.topVia.port ?? 5060);
  }

  /** The first request with that method, once it is there. */
  async request(method: string): Promise<SipRequest> {
    const find = (): SipRequest | undefined =>
      this.received.find((message): message is SipRequest => message.kind === 'request' && message.method === method);
    await until(`${method} arrived`, () => find() !== undefined);
    return find()!;
  }

  /** The first response with that status, once it is there. */
  async response(status: number): Promise<SipResponse> {
    const find = (): SipResponse | undefined =>
      this.received.find((message): message is SipResponse => message.kind === 'response' && message.status === status);
    await until(`${status} arrived`, () => find() !== undefined);
    return find()!;
  }

  close(): void {
    this.#peer.close();
  }
}
