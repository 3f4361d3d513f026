/**
 * ClientHellos that came before signaling said whose they are: an answerer shakes hands as soon as it has our offer
 * (RFC 5763 §6.2). The newest few are kept until it does. Nothing is answered or believed here.
 */

import type { Arrival } from './packet-port.ts';

/** A ClientHello may take two datagrams, and branches of a fork begin together. Peers repeat what is lost. */
const MAX_DATAGRAMS = 4;

export class HeldHellos {
  #held: Arrival[] = [];

  get size(): number {
    return this.#held.length;
  }

  /** Keeps a copy; true when an older one was forgotten for it. */
  add({ bytes, address, port, arrivalUs }: Arrival): boolean {
    this.#held.push({ bytes: Buffer.from(bytes), address, port, arrivalUs });
    if (this.#held.length <= MAX_DATAGRAMS) return false;
    this.#held.shift();
    return true;
  }

  /** Hands over everything, oldest first, as if it came at `nowUs`, and forgets it. */
  take(nowUs: number): Arrival[] {
    const held = this.#held;
    this.#held = [];
    for (const arrival of held) arrival.arrivalUs = nowUs;
    return held;
  }
}
