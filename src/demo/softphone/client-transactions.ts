/** Requests we sent and the responses that belong to them (RFC 3261 §17.1, RFC 6026). It knows nothing of dialogs. */

import type { Cancel, Clock } from '../../base/clock.ts';
import { LIFETIME_MS, startRetransmission } from './retransmission.ts';
import type { SipResponse } from './sip-text.ts';

export interface ClientRequest {
  readonly branch: string;
  readonly method: string;
  /** Hands the request to the socket; called again for each retransmission. */
  readonly send: () => void;
  /** Acknowledges a final refusal of an INVITE; called again for each of its repetitions. */
  readonly acknowledge?: ((refusal: SipResponse) => void) | undefined;
  /** Provisional and final responses; a 2xx to an INVITE as often as it comes, everything else once. */
  readonly onResponse: (response: SipResponse) => void;
  /** No final response will come: it took too long, or the agent stopped. Never called after a final one. */
  readonly onLost: (why: 'timeout' | 'stopped') => void;
}

interface Entry {
  readonly request: ClientRequest;
  isFinal: boolean;
  stop: Cancel;
}

const MAX_TRANSACTIONS = 4096;

export class ClientTransactions {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(request: ClientRequest): void {
    const key = keyOf(request.branch, request.method);
    if (this.#entries.size >= MAX_TRANSACTIONS) {
      request.onLost('timeout');
      return;
    }
    const entry: Entry = { request, isFinal: false, stop: () => undefined };
    this.#entries.set(key, entry);
    entry.stop = startRetransmission({
      clock: this.#clock,
      send: request.send,
      isCapped: request.method !== 'INVITE',
      onTimeout: () => {
        this.#entries.delete(key);
        request.onLost('timeout');
      },
    });
  }

  /** Gives a response to its request; responses to nothing of ours are passed over. */
  receive(response: SipResponse): void {
    const key = keyOf(response.topVia.branch, response.cseq.method);
    const entry = this.#entries.get(key);
    if (!entry) return;
    const { request } = entry;
    const isInvite = request.method === 'INVITE';
    if (response.status < 200) {
      // Once an INVITE is being worked on only the caller's own deadline ends it.
      if (isInvite && !entry.isFinal) entry.stop();
      if (!entry.isFinal) request.onResponse(response);
      return;
    }
    const isFirst = !entry.isFinal;
    if (isFirst) this.#finish(key, entry);
    if (isInvite && response.status >= 300) request.acknowledge?.(response);
    if (isFirst || (isInvite && response.status < 300)) request.onResponse(response);
  }

  stop(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) {
      entry.stop();
      if (!entry.isFinal) entry.request.onLost('stopped');
    }
  }

  /** Stays a while, so that repeated finals are acknowledged again and never taken for something new. */
  #finish(key: string, entry: Entry): void {
    entry.stop();
    entry.isFinal = true;
    entry.stop = this.#clock.after(LIFETIME_MS, () => this.#entries.delete(key));
  }
}

function keyOf(branch: string, method: string): string {
  return `${branch} ${method}`;
}
