/**
 * INVITE client transaction of a proxy (RFC 3261 §17.1.1, RFC 6026 §7.2) with Timer C and the wait for a CANCEL.
 * It says what to do and when to wake it; it holds no socket and no timer.
 *
 * ```
 *   calling (A repeats, B ends) ──1xx──▶ proceeding (C) ──2xx──▶ accepted ──M──▶ terminated
 *                                             └──300-699──▶ completed (ACK repeats) ──D──▶ terminated
 * ```
 */

import type { ClientEvent, ClientOptions } from './client-event.ts';
import { ABSORB_MS, LIFE_MS, NEVER, T1_MS, TIMER_C_MS } from './timers.ts';

type State = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';
type Cancel = 'none' | 'wanted' | 'sent';

export class InviteClient {
  readonly #request: Buffer;
  readonly #absorbMs: number;
  #state: State = 'calling';
  #cancel: Cancel = 'none';
  /** Nobody waits for this attempt any more: only a 2xx would still be handed on (§16.7 step 5). */
  #abandoned = false;
  #ack: Buffer | undefined;
  #repeatAtMs: number;
  #repeatEveryMs = T1_MS;
  #impatientAtMs: number;
  #endAtMs: number;
  #timerCAtMs: number;

  constructor(options: ClientOptions) {
    this.#request = options.request;
    this.#repeatAtMs = options.reliable === true ? NEVER : options.nowMs + T1_MS;
    this.#absorbMs = options.reliable === true ? 0 : ABSORB_MS;
    this.#endAtMs = options.nowMs + LIFE_MS;
    this.#timerCAtMs = options.nowMs + TIMER_C_MS;
    this.#impatientAtMs = options.patienceMs === undefined ? NEVER : options.nowMs + options.patienceMs;
  }

  get state(): State {
    return this.#state;
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  get abandoned(): boolean {
    return this.#abandoned;
  }

  get wakeAtMs(): number {
    return Math.min(this.#repeatAtMs, this.#impatientAtMs, this.#endAtMs, this.#timerCAtMs);
  }

  /** A response with our branch arrived. `makeAck` is asked once, for the first refusal. */
  receive(status: number, nowMs: number, makeAck: () => Buffer): ClientEvent[] {
    switch (this.#state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) return this.#provisional(status, nowMs);
        return status < 300 ? this.#accept(nowMs) : this.#refuse(nowMs, makeAck());
      case 'completed':
        return status >= 300 && this.#ack ? [{ kind: 'send', bytes: this.#ack }] : [];
      case 'accepted':
        return status >= 200 && status < 300 ? [{ kind: 'deliver' }] : [];
      case 'terminated':
        return [];
    }
  }

  /** The owner wants it cancelled: now if anything was heard, else as soon as something is (§9.1). */
  cancel(nowMs: number): ClientEvent[] {
    if (this.#cancel !== 'none') return [];
    if (this.#state === 'calling') this.#cancel = 'wanted';
    return this.#state === 'proceeding' ? this.#sendCancel(nowMs) : [];
  }

  /** Another next hop is tried instead: no more repetitions, and whatever this one starts is cancelled. */
  abandon(nowMs: number): ClientEvent[] {
    this.#abandoned = true;
    this.#repeatAtMs = NEVER;
    this.#impatientAtMs = NEVER;
    return this.cancel(nowMs);
  }

  /** The request did not leave, or so it seems: once anything was heard it had left, whatever became of its connection. */
  failed(nowMs: number): ClientEvent[] {
    if (this.#state !== 'calling' || this.#abandoned) return [];
    return [...this.abandon(nowMs), { kind: 'unsent' }];
  }

  /** To be called at `wakeAtMs`. */
  wake(nowMs: number): ClientEvent[] {
    if (nowMs >= this.#endAtMs) return this.#end();
    const events: ClientEvent[] = [];
    if (nowMs >= this.#timerCAtMs) {
      this.#timerCAtMs = NEVER;
      events.push({ kind: 'rang_too_long' });
    }
    if (nowMs >= this.#impatientAtMs) {
      this.#impatientAtMs = NEVER;
      events.push({ kind: 'impatient' });
    }
    if (nowMs >= this.#repeatAtMs) {
      this.#repeatEveryMs *= 2;
      this.#repeatAtMs = nowMs + this.#repeatEveryMs;
      events.push({ kind: 'send', bytes: this.#request });
    }
    return events;
  }

  #provisional(status: number, nowMs: number): ClientEvent[] {
    if (this.#state === 'calling') {
      this.#state = 'proceeding';
      this.#repeatAtMs = NEVER;
      this.#impatientAtMs = NEVER;
      this.#endAtMs = NEVER;
    }
    // A cancelled attempt has its deadline already; ringing on does not buy it time.
    if (status > 100 && this.#cancel !== 'sent') this.#timerCAtMs = nowMs + TIMER_C_MS;
    const deliver: ClientEvent[] = this.#abandoned ? [] : [{ kind: 'deliver' }];
    return this.#cancel === 'wanted' ? [...deliver, ...this.#sendCancel(nowMs)] : deliver;
  }

  #sendCancel(nowMs: number): ClientEvent[] {
    this.#cancel = 'sent';
    this.#timerCAtMs = NEVER;
    this.#endAtMs = nowMs + LIFE_MS;
    return [{ kind: 'send_cancel' }];
  }

  #accept(nowMs: number): ClientEvent[] {
    this.#rest('accepted', nowMs + LIFE_MS);
    return [{ kind: 'deliver' }];
  }

  #refuse(nowMs: number, ack: Buffer): ClientEvent[] {
    this.#rest('completed', nowMs + this.#absorbMs);
    this.#ack = ack;
    const send: ClientEvent = { kind: 'send', bytes: ack };
    return this.#abandoned ? [send] : [send, { kind: 'deliver' }];
  }

  #rest(state: 'accepted' | 'completed', endAtMs: number): void {
    this.#state = state;
    this.#repeatAtMs = NEVER;
    this.#impatientAtMs = NEVER;
    this.#timerCAtMs = NEVER;
    this.#endAtMs = endAtMs;
  }

  #end(): ClientEvent[] {
    const unanswered = this.#state === 'calling' || this.#state === 'proceeding';
    this.#terminate();
    return unanswered && !this.#abandoned ? [{ kind: 'timeout' }] : [];
  }

  #terminate(): void {
    this.#state = 'terminated';
    this.#ack = undefined;
    this.#repeatAtMs = NEVER;
    this.#impatientAtMs = NEVER;
    this.#timerCAtMs = NEVER;
    this.#endAtMs = NEVER;
  }
}
