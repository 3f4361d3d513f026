/**
 * Packets that reach a call's port before its session does: an answerer speaks with its 200, and its first words
 * overtake the answer on the way through the main thread. A few are held for a moment; the session judges them like any
 * other. Nothing is opened or believed here.
 */

import type { MediaDrop } from '../drop.ts';
import type { Arrival, BatchReceiver } from './packet-port.ts';

/** Of one stream at 20 ms, what `MAX_AGE_US` can hold; whoever sends more before the answer only loses his own. */
const MAX_PACKETS = 16;
/** An answer is through long before. What is older belongs to a ringing call, and would be played as a burst. */
const MAX_AGE_US = 300_000;

export class EarlyPackets implements BatchReceiver {
  readonly #countDrop: (reason: MediaDrop) => void;
  #held: Arrival[] = [];

  constructor(countDrop: (reason: MediaDrop) => void) {
    this.#countDrop = countDrop;
  }

  onBatch(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) this.#held.push({ ...arrival });
    while (this.#held.length > MAX_PACKETS) this.#drop();
  }

  /** Hands over what is young enough, in the order it came, and forgets everything. */
  release(to: BatchReceiver | undefined, nowUs: number): void {
    while (this.#held[0] && nowUs - this.#held[0].arrivalUs > MAX_AGE_US) this.#drop();
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) to?.onBatch(held);
  }

  #drop(): void {
    this.#held.shift();
    this.#countDrop('no_session');
  }
}
