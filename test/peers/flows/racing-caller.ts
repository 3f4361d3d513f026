/**
 * A caller that gives each call up at a set moment, whatever has been heard, and ends by the book what was answered all
 * the same: ACK and BYE. It notes every final response.
 */

import { randomBytes } from 'node:crypto';
import {
  contactUri,
  headerText,
  readSip,
  recordRoutes,
  writeRequest,
  type SipMessage,
  type SipResponse,
} from '../../../src/demo/softphone/sip-text.ts';
import { UdpPeer } from '../udp-peer.ts';

export interface CallerNotes {
  readonly callId: string;
  /** Final statuses, in the order they came: of the INVITE, of its CANCELs, of the BYE. */
  readonly invited: number[];
  readonly cancelled: number[];
  readonly ended: number[];
}

/** When it sends its CANCELs, from the INVITE on; one below zero is sent before it. */
export interface CallerPlan {
  readonly callId: string;
  readonly cancelsAfterMs: readonly number[];
}

export const RACE_SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 9998 RTP/AVP 0',
  '',
].join('\r\n');

export class RacingCaller {
  readonly #peer: UdpPeer;
  readonly #nodePort: number;
  readonly #notes = new Map<string, CallerNotes>();

  private constructor(peer: UdpPeer, nodePort: number) {
    this.#peer = peer;
    this.#nodePort = nodePort;
    peer.onMessage((datagram) => {
      const message = readSip(datagram);
      if (message?.kind === 'response') this.#receive(message);
    });
  }

  static async open(nodePort: number): Promise<RacingCaller> {
    return new RacingCaller(await UdpPeer.open(), nodePort);
  }

  /** Begins a call; what comes of it is noted in what is returned. */
  call({ callId, cancelsAfterMs }: CallerPlan): CallerNotes {
    const notes: CallerNotes = { callId, invited: [], cancelled: [], ended: [] };
    this.#notes.set(callId, notes);
    const cancel = (): void => this.#ask(callId, 'CANCEL');
    for (const ms of cancelsAfterMs) if (ms < 0) cancel();
    this.#ask(callId, 'INVITE');
    for (const ms of cancelsAfterMs) {
      if (ms === 0) cancel();
      else if (ms > 0) setTimeout(cancel, ms);
    }
    return notes;
  }

  stop(): void {
    this.#peer.close();
  }

  #receive(response: SipResponse): void {
    const notes = this.#notes.get(callIdOf(response));
    if (!notes || response.status < 200) return;
    const { method } = response.cseq;
    if (method === 'CANCEL') notes.cancelled.push(response.status);
    else if (method === 'BYE') notes.ended.push(response.status);
    else if (method === 'INVITE') {
      const isFirst = notes.invited.length === 0;
      notes.invited.push(response.status);
      if (response.status >= 300) this.#ask(notes.callId, 'ACK', response);
      else this.#end(notes.callId, response, isFirst);
    }
  }

  /** The requests of the INVITE's own transaction: all with its branch. */
  #ask(callId: string, method: 'INVITE' | 'CANCEL' | 'ACK', refusal?: SipResponse): void {
    this.#send(callId, {
      method,
      uri: `sip:agent@127.0.0.1:${this.#nodePort}`,
      branch: `z9hG4bK${callId}`,
      to: refusal ? headerText(refusal, 'to') : '<sip:agent@example.org>',
      ...(method === 'INVITE' ? { sdp: RACE_SDP } : {}),
    });
  }

  #end(callId: string, answer: SipResponse, isFirst: boolean): void {
    const dialog = {
      uri: contactUri(answer) ?? '',
      to: headerText(answer, 'to'),
      routes: recordRoutes(answer).reverse(),
    };
    const branch = (): string => `z9hG4bK${randomBytes(8).toString('hex')}`;
    this.#send(callId, { ...dialog, method: 'ACK', branch: branch() });
    if (isFirst) this.#send(callId, { ...dialog, method: 'BYE', branch: branch(), cseq: 2 });
  }

  #send(
    callId: string,
    parts: {
      readonly method: string;
      readonly uri: string;
      readonly branch: string;
      readonly to: string;
      readonly routes?: readonly string[];
      readonly cseq?: number;
      readonly sdp?: string;
    },
  ): void {
    const { port } = this.#peer;
    const bytes = writeRequest({
      routes: [],
      cseq: 1,
      ...parts,
      via: `SIP/2.0/UDP 127.0.0.1:${port};branch=${parts.branch}`,
      from: `<sip:customer@example.org>;tag=${callId}`,
      callId,
      contact: `sip:customer@127.0.0.1:${port}`,
    });
    this.#peer.send(bytes, this.#nodePort);
  }
}

export function callIdOf(message: SipMessage): string {
  return headerText(message, 'call-id');
}
