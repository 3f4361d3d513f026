/** Requests we got and what we answered them (RFC 3261 §17.2): a repeated request gets the same bytes again. */

import type { Cancel, Clock } from '../../base/clock.ts';
import { LIFETIME_MS, startRetransmission } from './retransmission.ts';
import { writeResponse, type ResponseParts, type SipRequest } from './sip-text.ts';
import type { Endpoint } from './udp-port.ts';

export interface ServerTransaction {
  readonly request: SipRequest;
  /**
   * Sends a response; after a final one, further ones are passed over. A 2xx to an INVITE is only made ready: its
   * dialog sends it by `repeat` until the ACK comes (RFC 3261 §13.3.1.4).
   */
  respond(parts: ResponseParts): void;
  /** Sends the last response again. */
  repeat(): void;
}

export interface ServerTransactionsOptions {
  readonly clock: Clock;
  readonly send: (bytes: Buffer, target: Endpoint) => void;
  /** A new request that is neither ACK nor CANCEL. */
  readonly onRequest: (transaction: ServerTransaction) => void;
  /** An ACK that ends no refusal of ours: one for a 2xx. */
  readonly onAck: (ack: SipRequest) => void;
  /** The caller takes back the INVITE of that transaction, which has no final response yet. */
  readonly onCancel: (transaction: ServerTransaction) => void;
}

const MAX_TRANSACTIONS = 4096;

export class ServerTransactions {
  readonly #options: ServerTransactionsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ServerTransactionsOptions) {
    this.#options = options;
  }

  receive(request: SipRequest, source: Endpoint): void {
    const key = keyOf(request, request.method === 'ACK' ? 'INVITE' : request.method);
    const known = this.#entries.get(key);
    if (request.method === 'ACK') {
      if (known) known.acknowledge();
      else this.#options.onAck(request);
      return;
    }
    if (known) {
      known.repeat();
      return;
    }
    if (this.#entries.size >= MAX_TRANSACTIONS) return;
    const entry = new Entry(request, source, this.#options, () => this.#entries.delete(key));
    this.#entries.set(key, entry);
    if (request.method === 'CANCEL') this.#cancel(entry);
    else this.#options.onRequest(entry);
  }

  stop(): void {
    for (const entry of this.#entries.values()) entry.stop();
    this.#entries.clear();
  }

  #cancel(cancel: Entry): void {
    const invite = this.#entries.get(keyOf(cancel.request, 'INVITE'));
    if (!invite) {
      cancel.respond({ status: 481, phrase: 'Call/Transaction Does Not Exist' });
      return;
    }
    cancel.respond({ status: 200, phrase: 'OK' });
    if (!invite.isFinal) this.#options.onCancel(invite);
  }
}

class Entry implements ServerTransaction {
  readonly request: SipRequest;
  isFinal = false;
  readonly #source: Endpoint;
  readonly #options: ServerTransactionsOptions;
  readonly #forget: () => void;
  #last: Buffer | undefined;
  #cancelTimer: Cancel = () => undefined;
  #stopRepeating: Cancel = () => undefined;

  constructor(request: SipRequest, source: Endpoint, options: ServerTransactionsOptions, forget: () => void) {
    this.request = request;
    this.#source = source;
    this.#options = options;
    this.#forget = forget;
  }

  respond(parts: ResponseParts): void {
    if (this.isFinal) return;
    this.#last = writeResponse(this.request, parts);
    if (parts.status < 200) {
      this.repeat();
      return;
    }
    this.isFinal = true;
    this.#cancelTimer = this.#options.clock.after(LIFETIME_MS, this.#forget);
    if (this.request.method !== 'INVITE') this.repeat();
    else if (parts.status >= 300) this.#repeatUntilAck();
  }

  repeat(): void {
    if (this.#last) this.#options.send(this.#last, this.#responseTarget());
  }

  acknowledge(): void {
    this.#stopRepeating();
  }

  stop(): void {
    this.#cancelTimer();
    this.#stopRepeating();
  }

  #repeatUntilAck(): void {
    this.#stopRepeating = startRetransmission({
      clock: this.#options.clock,
      send: () => this.repeat(),
      isCapped: true,
      onTimeout: () => undefined,
    });
  }

  /** Where it came from, or the port the sender names when it does not ask for the first (RFC 3581 §4). */
  #responseTarget(): Endpoint {
    const { rport, port } = this.request.topVia;
    return { address: this.#source.address, port: rport === undefined ? (port ?? 5060) : this.#source.port };
  }
}

function keyOf(request: SipRequest, method: string): string {
  const { branch, host, port } = request.topVia;
  return `${branch} ${host}:${port ?? 5060} ${method}`;
}
