/**
 * Answers that Earshot gives in its own name. Most are stateless (RFC 3261 §8.2.7): the same request gets the same bytes,
 * and a refused stranger costs no memory. They say why in a Warning, in words of ours.
 */

import { readVia } from '../../protocol/sip/via.ts';
import type { Head } from '../../protocol/sip/head-index.ts';
import { listText, listValues } from '../../protocol/sip/list-values.ts';
import type { MalformedMessage, SipRequest } from '../../protocol/sip/message.ts';
import { macOf } from '../../protocol/sip/proxy-keys.ts';
import { buildResponse, isAnswerable } from '../../protocol/sip/responses.ts';
import { answerKeepalive } from '../../protocol/sip/stun-keepalive.ts';
import type { Exchange } from './exchange.ts';
import type { Arrival } from './interfaces.ts';
import { replyPeer } from './reply-peer.ts';
import type { SourceMeter } from './source-meter.ts';
import type { Tally } from './tally.ts';

export interface Answer {
  readonly status: number;
  /** Only where the status is not one of ours. */
  readonly phrase?: string;
  /** A closed word: it is counted, and sent as the Warning's text. */
  readonly reason: string;
  /** Of the whole node, and it will pass: the sender is told when to try again. */
  readonly isOverload?: boolean;
  /** Option tags that we were required to know. */
  readonly unsupported?: readonly string[];
}

const TAG_BYTES = 8;
/** Spread, so that those who were turned away do not come back together. */
const RETRY_AFTER_S = { least: 2, most: 6 };

export class OwnAnswers {
  readonly #tagKey: Buffer;
  readonly #meter: SourceMeter;
  readonly #tally: Tally;

  constructor(options: { readonly tagKey: Buffer; readonly meter: SourceMeter; readonly tally: Tally }) {
    this.#tagKey = options.tagKey;
    this.#meter = options.meter;
    this.#tally = options.tally;
  }

  /** Refuses a request without keeping anything. An ACK is never answered. */
  refuse(request: SipRequest, arrival: Arrival, answer: Answer): void {
    this.#tally.refused(answer.status, answer.reason);
    if (request.method === 'ACK') return;
    // A tenant's peer that we turn away must hear it, or it sends the same again.
    if (answer.isOverload || this.#meter.admit(arrival.source.address)) {
      arrival.port.send(this.#build(request.head, arrival, answer), replyPeer(request.topVia, arrival));
    } else {
      this.#tally.dropped('refusal_rate');
    }
  }

  /** Answers what cannot be read, as far as it can be answered at all. */
  refuseMalformed(malformed: MalformedMessage, arrival: Arrival): void {
    const { head } = malformed;
    if (!head || !isAnswerable(head)) return;
    const [value] = listValues(head, 'via');
    const via = value && readVia(listText(head, value), value.start);
    if (!this.#meter.admit(arrival.source.address)) return;
    const status = malformed.reason === 'version' ? 505 : 400;
    const bytes = this.#build(head, arrival, { status, reason: malformed.reason });
    // With a Via that cannot be read, where it came from is all that is known of its sender.
    arrival.port.send(bytes, via ? replyPeer(via, arrival) : arrival.source);
  }

  /** Tells who keeps a NAT open where it is seen from (RFC 5626 §8). Returns why it went no further. */
  answerStun(datagram: Buffer, arrival: Arrival): 'stun' | 'keepalive' {
    const answer = this.#meter.admit(arrival.source.address) ? answerKeepalive(datagram, arrival.source) : undefined;
    if (answer) arrival.port.send(answer, arrival.source);
    return answer ? 'keepalive' : 'stun';
  }

  /** 200 to a request that was for us: OPTIONS, or a CANCEL. Not limited, not counted. */
  accept(request: SipRequest, arrival: Arrival): void {
    const bytes = buildResponse(request.head, arrival.source, { status: 200, toTag: this.#tag(request.head) });
    arrival.port.send(bytes, replyPeer(request.topVia, arrival));
  }

  /** A refusal for a request that has a transaction: its bytes, to be sent through it. */
  refusal(exchange: Exchange, answer: Answer): Buffer {
    this.#tally.refused(answer.status, answer.reason);
    return this.#build(exchange.request.head, exchange.arrival, answer);
  }

  /** The 100 that quiets the sender of an INVITE. */
  trying(exchange: Exchange): Buffer {
    return buildResponse(exchange.request.head, exchange.arrival.source, { status: 100 });
  }

  #build(head: Head, arrival: Arrival, answer: Answer): Buffer {
    const tag = this.#tag(head);
    return buildResponse(head, arrival.source, {
      status: answer.status,
      ...(answer.phrase === undefined ? {} : { phrase: answer.phrase }),
      ...(answer.isOverload ? { retryAfterS: retryAfterS(tag) } : {}),
      ...(answer.unsupported ? { unsupported: answer.unsupported } : {}),
      toTag: tag,
      warning: { agent: arrival.at.sentBy, text: answer.reason },
    });
  }

  /** The same tag for the same request, and for its CANCEL (§9.2): both share Via, Call-ID and From. */
  #tag(head: Head): string {
    const shared = head.lines.filter(({ name }) => name === 'from' || name === 'call-id');
    const [via] = listValues(head, 'via');
    const parts = shared.map(({ valueStart, valueEnd }) => head.bytes.subarray(valueStart, valueEnd));
    return macOf(this.#tagKey, [via ? listText(head, via) : '', ...parts], TAG_BYTES).toString('hex');
  }
}

/** Chance that is the same for the same request: a keyed MAC of it. */
function retryAfterS(tag: string): number {
  const { least, most } = RETRY_AFTER_S;
  return least + (Number.parseInt(tag.slice(0, 8), 16) % (most - least + 1));
}
