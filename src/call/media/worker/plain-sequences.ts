/** Extended sequence numbers of the sources on a plain leg, where no SRTP index counts the wraps. Bounded; proves nothing. */

import { SequenceUnwrapper } from '../../../protocol/rtp/sequence.ts';

/** A peer uses one or two sources at a time; a plain leg can be sent anything, so old ones make room. */
const MAX_SOURCES = 16;

export class PlainSequences {
  readonly #bySsrc = new Map<number, SequenceUnwrapper>();

  extend(ssrc: number, sequence: number): number {
    let unwrapper = this.#bySsrc.get(ssrc);
    if (!unwrapper) {
      unwrapper = new SequenceUnwrapper();
      this.#bySsrc.set(ssrc, unwrapper);
      for (const oldest of this.#bySsrc.keys()) {
        if (this.#bySsrc.size <= MAX_SOURCES) break;
        this.#bySsrc.delete(oldest);
      }
    }
    return unwrapper.extend(sequence);
  }
}
