/** Unwraps 16-bit sequence numbers of one source into a count that never wraps. It judges no packet. */

export class SequenceUnwrapper {
  #highest = -1;

  /**
   * The extended number of `sequence`: of all counts that end in it, the one nearest to the highest so far. A packet
   * from before the first one seen comes out negative.
   */
  extend(sequence: number): number {
    if (this.#highest < 0) {
      this.#highest = sequence;
      return sequence;
    }
    // The difference as a signed 16-bit number: −32768 … 32767.
    const step = ((sequence - this.#highest) << 16) >> 16;
    const extended = this.#highest + step;
    if (step > 0) this.#highest = extended;
    return extended;
  }
}
