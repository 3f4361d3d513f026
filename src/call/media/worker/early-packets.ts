/**
 * Packets that reach a call's port before its session does: an answerer speaks with its 200, and its first words
 * overtake the answer on the way through the main thread. A few are held for a moment, beginnings of handshakes until the
 * session is there; it judges them like any other. Nothing is opened or believed here.
 */

import { classify } from '../../../protocol/rtp/classify.ts';
import type { MediaDrop } from '../drop.ts';
import { HeldHellos } from './held-hellos.ts';
import type { Arrival, BatchReceiver } from './packet-port.ts';

/** Of one stream at 20 ms, what `MAX_AGE_US` can hold; whoever sends more before the answer only loses his own. */
const MAX_PACKETS = 16;
/** An answer is through long before. What is older belongs to a ringing call, and would be played as a burst. */
const MAX_AGE_US = 300_000;

export class EarlyPackets implements BatchReceiver {
  readonly #countDrop: (reason: MediaDrop) => void;
  readonly #holdsMedia: boolean;
  readonly #hellos = new HeldHellos();
  #held: Arrival[] = [];

  /** On an RTCP port no media is held: reports repeat themselves. */
  constructor(countDrop: (reason: MediaDrop) => void, holdsMedia = true) {
    this.#countDrop = countDrop;
    this.#holdsMedia = holdsMedia;
  }

  onBatch(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      const kind = classify(arrival.bytes);
      if (kind === 'dtls') {
        if (this.#hellos.add(arrival)) this.#countDrop('no_session');
      } else if (this.#holdsMedia && kind !== 'stun') {
        this.#held.push({ ...arrival, bytes: Buffer.from(arrival.bytes) });
      }
      // Connectivity checks come again within moments, and would only push media out.
      else this.#countDrop('no_session');
    }
    while (this.#held.length > MAX_PACKETS) this.#drop();
  }

  /** Hands over what is young enough, in the order it came, and forgets everything. */
  release(to: BatchReceiver | undefined, nowUs: number): void {
    while (this.#held[0] && nowUs - this.#held[0].arrivalUs > MAX_AGE_US) this.#drop();
    const held = [...this.#hellos.take(nowUs), ...this.#held];
    this.#held = [];
    if (held.length > 0) to?.onBatch(held);
  }

  #drop(): void {
    this.#held.shift();
    this.#countDrop('no_session');
  }
}
