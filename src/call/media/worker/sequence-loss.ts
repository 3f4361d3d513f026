/**
 * Counts packets of one leg that never came, from the holes in its sequence numbers. A hole counts when 32 newer packets
 * have gone by it, so what is late is not lost; holes among the last 32 packets of a stream are never counted.
 */

const WINDOW = 32;
/** A sender that jumps further ahead has begun anew (RFC 3550 §A.1), and nobody can say what it left out. */
const MAX_JUMP = 3000;
const NOTHING_MISSING = -1;

export class SequenceLoss {
  #ssrc = -1;
  #highest = 0;
  /** Bit n: whether the packet n before the highest came. */
  #window = NOTHING_MISSING;

  /** Takes an accepted packet; returns how many others are given up for lost by it. */
  note(ssrc: number, extendedSequence: number): number {
    const step = extendedSequence - this.#highest;
    if (ssrc !== this.#ssrc || step > MAX_JUMP || step < -MAX_JUMP) {
      this.#ssrc = ssrc;
      this.#highest = extendedSequence;
      this.#window = NOTHING_MISSING;
      return 0;
    }
    if (step <= 0) {
      if (step > -WINDOW) this.#window |= 1 << -step;
      return 0;
    }
    this.#highest = extendedSequence;
    if (step >= WINDOW) {
      const lost = WINDOW - countBits(this.#window) + (step - WINDOW);
      this.#window = 1;
      return lost;
    }
    const lost = step - countBits(this.#window >>> (WINDOW - step));
    this.#window = (this.#window << step) | 1;
    return lost;
  }
}

function countBits(word: number): number {
  let bits = word;
  let count = 0;
  while (bits !== 0) {
    bits &= bits - 1;
    count += 1;
  }
  return count;
}
