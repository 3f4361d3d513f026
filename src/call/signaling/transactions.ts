/**
 * The table of running transactions: finds what a message belongs to, sends stored bytes, and wakes the state machines.
 * Bounded, and empty again when they are done. It does not route, and knows nothing of calls.
 */

import type { Clock } from '../../base/clock.ts';
import type { SipRequest, SipResponse } from '../../protocol/sip/message.ts';
import type { ClientEvent } from '../../protocol/sip/transaction/client-event.ts';
import { InviteClient } from '../../protocol/sip/transaction/invite-client.ts';
import { InviteServer } from '../../protocol/sip/transaction/invite-server.ts';
import { RequestClient } from '../../protocol/sip/transaction/request-client.ts';
import { RequestServer } from '../../protocol/sip/transaction/request-server.ts';
import { clientKey } from '../../protocol/sip/transaction/transaction-key.ts';
import { isReliable } from '../../protocol/sip/transport.ts';
import { Deadlines } from './deadlines.ts';
import type { Attempt, Exchange } from './exchange.ts';
import type { Arrival } from './interfaces.ts';
import type { SignalingLimits } from './limits.ts';
import { replyPeer } from './reply-peer.ts';
import type { Tally } from './tally.ts';

export interface TransactionsOptions {
  readonly clock: Clock;
  readonly limits: SignalingLimits;
  readonly tally: Tally;
  /** What a client transaction asks for; `send` is done already. `response` is there when one caused it. */
  readonly onEvent: (attempt: Attempt, event: ClientEvent, response: SipResponse | undefined) => void;
}

/** What an attempt is made of; the table makes the rest. */
export type AttemptOptions = Pick<Attempt, 'purpose' | 'exchange' | 'hop' | 'port' | 'target' | 'sent'> & {
  readonly branch: string;
  readonly patienceMs: number | undefined;
};

export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #deadlines: Deadlines;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #attempts = new Map<string, Attempt>();

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock);
  }

  get size(): number {
    return this.#exchanges.size + this.#attempts.size;
  }

  get isFull(): boolean {
    return this.#exchanges.size >= this.#options.limits.maxExchanges;
  }

  /** Full but for the last quarter, which is kept for calls that exist: their BYE must get through. */
  get isFullForNewCalls(): boolean {
    return this.#exchanges.size >= this.#options.limits.maxExchanges * 0.75;
  }

  stop(): void {
    this.#deadlines.stop();
    this.#exchanges.clear();
    this.#attempts.clear();
  }

  findExchange(key: string): Exchange | undefined {
    return this.#exchanges.get(key);
  }

  findAttempt(branch: string, method: string): Attempt | undefined {
    return this.#attempts.get(clientKey(branch, method));
  }

  /** Opens the server transaction of a new request. */
  open(key: string, request: SipRequest, arrival: Arrival): Exchange {
    const { tally } = this.#options;
    const { transport } = arrival.port;
    const settings = { reliable: isReliable(transport) };
    const exchange: Exchange = {
      key,
      request,
      arrival,
      replyTo: replyPeer(request.topVia, arrival),
      server: request.method === 'INVITE' ? new InviteServer(settings) : new RequestServer(settings),
      alarm: this.#deadlines.alarm((nowMs) => tally.fence('timer', () => this.#wakeServer(exchange, nowMs))),
      attempts: [],
      plan: undefined,
      cancelledBy: undefined,
      confirmed: new Set(),
      heard: false,
      offeredIn: undefined,
      failure: 'silence',
    };
    this.#exchanges.set(key, exchange);
    return exchange;
  }

  /** Sends a response upstream and keeps its bytes; what comes too late is dropped. */
  respond(exchange: Exchange, status: number, bytes: Buffer): void {
    const toSend = exchange.server.respond(status, bytes, this.#deadlines.nowMs());
    // Armed before anything that might fail: a transaction without a deadline would stay for ever.
    this.#rearmServer(exchange);
    if (toSend) exchange.arrival.port.send(toSend, exchange.replyTo);
  }

  /** The request came again: the stored bytes go again. */
  repeat(exchange: Exchange): void {
    const bytes = exchange.server.retransmitted();
    if (bytes) exchange.arrival.port.send(bytes, exchange.replyTo);
  }

  /** An ACK came for a non-2xx that we sent. False when this transaction waits for none. */
  acknowledge(exchange: Exchange): boolean {
    if (!(exchange.server instanceof InviteServer)) return false;
    const { state } = exchange.server;
    exchange.server.acknowledged(this.#deadlines.nowMs());
    this.#rearmServer(exchange);
    return state === 'completed' || state === 'confirmed';
  }

  /** Ends a server transaction without an answer. */
  abandon(exchange: Exchange): void {
    exchange.server.abandon();
    this.#rearmServer(exchange);
  }

  /** Sends a request on and opens its client transaction. */
  start(options: AttemptOptions): Attempt {
    const { tally } = this.#options;
    const { branch, patienceMs, ...rest } = options;
    const method = options.purpose === 'cancel' ? 'CANCEL' : options.exchange.request.method;
    const nowMs = this.#deadlines.nowMs();
    const settings = {
      request: options.sent,
      nowMs,
      reliable: isReliable(options.port.transport),
      ...(patienceMs === undefined ? {} : { patienceMs }),
    };
    const attempt: Attempt = {
      ...rest,
      key: clientKey(branch, method),
      client: method === 'INVITE' ? new InviteClient(settings) : new RequestClient(settings),
      alarm: this.#deadlines.alarm((now) => tally.fence('timer', () => this.#run(attempt, attempt.client.wake(now)))),
    };
    this.#attempts.set(attempt.key, attempt);
    if (attempt.purpose === 'request') options.exchange.attempts.push(attempt);
    this.#rearmClient(attempt);
    attempt.port.send(attempt.sent, attempt.target, () => {
      // It may have been forgotten since: nobody is to be called for it then.
      if (this.#attempts.get(attempt.key) !== attempt) return;
      tally.fence('unsent', () => this.#run(attempt, attempt.client.failed(this.#deadlines.nowMs())));
    });
    return attempt;
  }

  /** A response arrived for that attempt; `makeAck` is asked when an INVITE was refused. */
  receive(attempt: Attempt, response: SipResponse, makeAck: () => Buffer): void {
    this.#run(attempt, attempt.client.receive(response.status, this.#deadlines.nowMs(), makeAck), response);
  }

  cancel(attempt: Attempt): void {
    this.#run(attempt, attempt.client.cancel(this.#deadlines.nowMs()));
  }

  /** Leaves an attempt for another next hop. */
  forsake(attempt: Attempt): void {
    this.#run(attempt, attempt.client.abandon(this.#deadlines.nowMs()));
  }

  #run(attempt: Attempt, events: readonly ClientEvent[], response?: SipResponse): void {
    // Whatever the owner makes of an event, the machine's next deadline stands.
    this.#rearmClient(attempt);
    for (const event of events) {
      if (event.kind === 'send') attempt.port.send(event.bytes, attempt.target);
      else this.#options.onEvent(attempt, event, response);
    }
  }

  #wakeServer(exchange: Exchange, nowMs: number): void {
    const bytes = exchange.server.wake(nowMs);
    this.#rearmServer(exchange);
    if (bytes) exchange.arrival.port.send(bytes, exchange.replyTo);
  }

  #rearmServer(exchange: Exchange): void {
    this.#deadlines.set(exchange.alarm, exchange.server.wakeAtMs);
    if (exchange.server.terminated) this.#exchanges.delete(exchange.key);
  }

  #rearmClient(attempt: Attempt): void {
    this.#deadlines.set(attempt.alarm, attempt.client.wakeAtMs);
    if (attempt.client.terminated) this.#attempts.delete(attempt.key);
  }
}
