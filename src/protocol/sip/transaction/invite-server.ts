/**
 * INVITE server transaction of a proxy (RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1).
 * It says which stored bytes to send and when to wake it; it holds no socket and no timer.
 *
 * ```
 *   proceeding ──2xx──▶ accepted ──L──▶ terminated
 *       │ 300-699                            ▲
 *       ▼                                    │ H (no ACK), I
 *   completed (G repeats) ──ACK──▶ confirmed ─┘
 * ```
 */

import { LIFE_MS, NEVER, T1_MS, T2_MS, T4_MS } from './timers.ts';

type State = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

export class InviteServer {
  readonly #reliable: boolean;
  #state: State = 'proceeding';
  #last: Buffer | undefined;
  #repeatAtMs = NEVER;
  #repeatEveryMs = T1_MS;
  #endAtMs = NEVER;

  /** `reliable`: the transport delivers, so that no response is repeated and no ACK is absorbed (§17.2.1). */
  constructor(options: { readonly reliable: boolean } = { reliable: false }) {
    this.#reliable = options.reliable;
  }

  get state(): State {
    return this.#state;
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  /** Whether a final response was sent. */
  get answered(): boolean {
    return this.#state !== 'proceeding';
  }

  get wakeAtMs(): number {
    return Math.min(this.#repeatAtMs, this.#endAtMs);
  }

  /** Takes a response to send upstream. Returns its bytes when the state allows it, undefined when it comes too late. */
  respond(status: number, bytes: Buffer, nowMs: number): Buffer | undefined {
    if (this.#state === 'accepted') return isSuccess(status) ? bytes : undefined;
    if (this.#state !== 'proceeding') return undefined;
    this.#last = bytes;
    if (status < 200) return bytes;
    this.#endAtMs = nowMs + LIFE_MS;
    if (isSuccess(status)) {
      this.#state = 'accepted';
    } else {
      this.#state = 'completed';
      if (!this.#reliable) this.#repeatAtMs = nowMs + T1_MS;
    }
    return bytes;
  }

  /** The INVITE came again: what was sent last goes again. In accepted it is absorbed, the 2xx repeats end to end. */
  retransmitted(): Buffer | undefined {
    return this.#state === 'proceeding' || this.#state === 'completed' ? this.#last : undefined;
  }

  /** ACK for a non-2xx: repetition stops. */
  acknowledged(nowMs: number): void {
    if (this.#state !== 'completed') return;
    this.#state = 'confirmed';
    this.#repeatAtMs = NEVER;
    this.#endAtMs = nowMs + (this.#reliable ? 0 : T4_MS);
  }

  /** To be called at `wakeAtMs`; returns what to send again. */
  wake(nowMs: number): Buffer | undefined {
    if (nowMs >= this.#endAtMs) {
      this.#terminate();
      return undefined;
    }
    if (nowMs < this.#repeatAtMs) return undefined;
    this.#repeatEveryMs = Math.min(this.#repeatEveryMs * 2, T2_MS);
    this.#repeatAtMs = nowMs + this.#repeatEveryMs;
    return this.#last;
  }

  /** Ends without an answer. */
  abandon(): void {
    this.#terminate();
  }

  #terminate(): void {
    this.#state = 'terminated';
    this.#last = undefined;
    this.#repeatAtMs = NEVER;
    this.#endAtMs = NEVER;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
