/**
 * What each processor has already been sent of one call, as context for the next release. A processor's history holds
 * only what was released to that processor: a turn refused to it must not reach it as another turn's context.
 */

import type { ProcessorId } from '../../base/ids.ts';

export interface PastTurn {
  readonly role: string;
  /** Redacted, as it was sent. */
  readonly text: string;
}

const MAX_TURNS = 12;
const MAX_CHARS = 6000;
const MAX_PROCESSORS = 32;

export class History {
  readonly #turns = new Map<ProcessorId, readonly PastTurn[]>();

  /** What this processor was sent last, oldest first: at most 12 turns and 6,000 characters. */
  of(processor: ProcessorId): readonly PastTurn[] {
    return this.#turns.get(processor) ?? [];
  }

  /** Notes a turn that this processor was sent. */
  add(processor: ProcessorId, turn: PastTurn): void {
    if (!this.#turns.has(processor) && this.#turns.size >= MAX_PROCESSORS) return;
    const newest = [...this.of(processor), turn].slice(-MAX_TURNS);
    let chars = newest.reduce((sum, { text }) => sum + text.length, 0);
    while (chars > MAX_CHARS) chars -= newest.shift()?.text.length ?? chars;
    this.#turns.set(processor, newest);
  }

  /** Whoever is behind that name from now on has been sent nothing. */
  forget(processor: ProcessorId): void {
    this.#turns.delete(processor);
  }
}
