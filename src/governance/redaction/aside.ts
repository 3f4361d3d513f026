/** A text that stands alone, said about a call by somebody who is not on it: redacted part by part, as a whole would be. */

import type { Piece, RedactionPlan } from '../../model/transcript.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { CallMemory } from './call-memory.ts';
import { Engine } from './engine.ts';
import { Rendering } from './rendering.ts';

export interface AsideOptions {
  readonly plan: RedactionPlan;
  readonly memory: CallMemory;
  readonly settings?: RedactionSettings | undefined;
}

export class Aside {
  readonly #engine: Engine;
  readonly #rendering: Rendering;

  constructor({ plan, memory, settings }: AsideOptions) {
    this.#engine = new Engine({ memory, resumed: false, isAside: true, holdWords: settings?.holdWords });
    this.#rendering = new Rendering(plan);
  }

  /** Takes the next part, cut where a space was; answers what can no longer change. */
  push(text: string): readonly Piece[] {
    return this.#rendering.add(this.#engine.push({ text, startMs: 0, endMs: 0, words: [] }));
  }

  /** Nothing follows. */
  end(): readonly Piece[] {
    const rest = this.#rendering.add(this.#engine.end());
    return [...rest, ...this.#rendering.endTurn()];
  }
}
