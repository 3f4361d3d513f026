/**
 * Client transaction for anything but INVITE (RFC 3261 §17.1.2). It holds no socket and no timer.
 *
 * ```
 *   trying (E repeats) ──1xx──▶ proceeding (E at T2) ──final──▶ completed ──K──▶ terminated
 *        └───────────F───────────────┴──▶ terminated
 * ```
 */

import type { ClientEvent, ClientOptions } from './client-event.ts';
import { LIFE_MS, NEVER, T1_MS, T2_MS, T4_MS } from './timers.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class RequestClient {
  readonly #request: Buffer;
  readonly #reliable: boolean;
  #state: State = 'trying';
  #abandoned = false;
  #repeatAtMs: number;
  #repeatEveryMs = T1_MS;
  #impatientAtMs: number;
  #endAtMs: number;

  constructor(options: ClientOptions) {
    this.#request = options.request;
    this.#reliable = options.reliable === true;
    this.#repeatAtMs = this.#reliable ? NEVER : options.nowMs + T1_MS;
    this.#endAtMs = options.nowMs + LIFE_MS;
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
    return Math.min(this.#repeatAtMs, this.#impatientAtMs, this.#endAtMs);
  }

  /** A response with our branch arrived. */
  receive(status: number, nowMs: number): ClientEvent[] {
    if (this.#state === 'completed' || this.#state === 'terminated') return [];
    this.#impatientAtMs = NEVER;
    if (status < 200) {
      this.#state = 'proceeding';
      this.#repeatEveryMs = T2_MS;
    } else {
      this.#state = 'completed';
      this.#repeatAtMs = NEVER;
      this.#endAtMs = nowMs + (this.#reliable ? 0 : T4_MS);
    }
    return this.#abandoned ? [] : [{ kind: 'deliver' }];
  }

  /** Another next hop is tried instead: what this one answers is absorbed. */
  abandon(): ClientEvent[] {
    this.#abandoned = true;
    this.#repeatAtMs = NEVER;
    this.#impatientAtMs = NEVER;
    return [];
  }

  /** Only an INVITE can be cancelled (§9.1). */
  cancel(): ClientEvent[] {
    return [];
  }

  /** The request did not leave, or so it seems: once anything was heard it had left, whatever became of its connection. */
  failed(): ClientEvent[] {
    if (this.#state !== 'trying' || this.#abandoned) return [];
    return [...this.abandon(), { kind: 'unsent' }];
  }

  /** To be called at `wakeAtMs`. */
  wake(nowMs: number): ClientEvent[] {
    if (nowMs >= this.#endAtMs) return this.#end();
    const events: ClientEvent[] = [];
    if (nowMs >= this.#impatientAtMs) {
      this.#impatientAtMs = NEVER;
      events.push({ kind: 'impatient' });
    }
    if (nowMs >= this.#repeatAtMs) {
      this.#repeatEveryMs = Math.min(this.#repeatEveryMs * 2, T2_MS);
      this.#repeatAtMs = nowMs + this.#repeatEveryMs;
      events.push({ kind: 'send', bytes: this.#request });
    }
    return events;
  }

  #end(): ClientEvent[] {
    const unanswered = this.#state !== 'completed';
    this.#terminate();
    return unanswered && !this.#abandoned ? [{ kind: 'timeout' }] : [];
  }

  #terminate(): void {
    this.#state = 'terminated';
    this.#repeatAtMs = NEVER;
    this.#impatientAtMs = NEVER;
    this.#endAtMs = NEVER;
  }
}
