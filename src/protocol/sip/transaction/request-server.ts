/**
 * Server transaction for anything but INVITE (RFC 3261 §17.2.2). It sends no 100 (RFC 4320 §4.1) and holds no socket.
 *
 * ```
 *   trying ──1xx──▶ proceeding ──final──▶ completed ──J──▶ terminated
 * ```
 */

import { LIFE_MS, NEVER } from './timers.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class RequestServer {
  readonly #reliable: boolean;
  #state: State = 'trying';
  #last: Buffer | undefined;
  #endAtMs = NEVER;

  /** `reliable`: the transport delivers, so that no repetition of the request is waited for (§17.2.2). */
  constructor(options: { readonly reliable: boolean } = { reliable: false }) {
    this.#reliable = options.reliable;
  }

  get state(): State {
    return this.#state;
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  get answered(): boolean {
    return this.#state === 'completed' || this.#state === 'terminated';
  }

  get wakeAtMs(): number {
    return this.#endAtMs;
  }

  /** Takes a response to send upstream; undefined when a final one was sent already. */
  respond(status: number, bytes: Buffer, nowMs: number): Buffer | undefined {
    if (this.answered) return undefined;
    this.#last = bytes;
    this.#state = status < 200 ? 'proceeding' : 'completed';
    if (status >= 200) this.#endAtMs = nowMs + (this.#reliable ? 0 : LIFE_MS);
    return bytes;
  }

  /** The request came again: what was sent last goes again; before any response it is absorbed. */
  retransmitted(): Buffer | undefined {
    return this.#last;
  }

  wake(nowMs: number): undefined {
    if (nowMs >= this.#endAtMs) this.abandon();
    return undefined;
  }

  /** Ends without an answer: a late 408 would help nobody (RFC 4320 §4.2). */
  abandon(): void {
    this.#state = 'terminated';
    this.#last = undefined;
    this.#endAtMs = NEVER;
  }
}
