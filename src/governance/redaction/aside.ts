/** A text that stands alone, said about a call by somebody who is not on it: redacted part by part, as a whole would be. */

import { isRemembered } from '../../model/entity-types.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan, TextRange } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import { detectionFor } from './detection.ts';
import type { SecondOpinion } from './detect/second-opinion.ts';
import { Engine } from './engine.ts';
import type { LinkKey } from './linkable-token.ts';
import { ownNames } from './own-names.ts';
import { Rendering } from './rendering.ts';
import type { Settled } from './settled.ts';

export interface AsideOptions {
  readonly plan: RedactionPlan;
  readonly memory: CallMemory;
  readonly settings?: RedactionSettings | undefined;
  readonly secondOpinion?: SecondOpinion | undefined;
  readonly linkKey?: LinkKey | undefined;
}

export class Aside {
  readonly #engine: Engine;
  readonly #rendering: Rendering;
  readonly #memory: CallMemory;
  readonly #linkKey: LinkKey | undefined;
  /** Names that the call gave, where they stand in all parts, joined by one space each: whoever repeats one says nothing. */
  #own: TextRange[] = [];

  constructor({ plan, memory, settings = DEFAULT_REDACTION, secondOpinion, linkKey }: AsideOptions) {
    const detection = detectionFor(settings, secondOpinion);
    this.#engine = new Engine({ memory, resumed: false, isAside: true, ...detection });
    this.#rendering = new Rendering(plan, { linkKey });
    this.#memory = memory;
    this.#linkKey = linkKey;
  }

  /** Takes the next part, cut where a space was; answers what can no longer change. */
  push(text: string): readonly Piece[] {
    // The engine's own count: which texts hold a word is for it to say.
    const by = this.#engine.chars;
    const own = ownNames(text, this.#memory, this.#linkKey);
    this.#own.push(...own.map(({ start, end }) => ({ start: start + by, end: end + by })));
    return this.#rendering.add(this.#withoutOwn(this.#engine.push({ text, startMs: 0, endMs: 0, words: [] })));
  }

  /** Nothing follows. */
  end(): readonly Piece[] {
    const rest = this.#rendering.add(this.#withoutOwn(this.#engine.end()));
    return [...rest, ...this.#rendering.endTurn()];
  }

  /** Nobody said it, so it has no time. */
  #withoutOwn({ tokens, findings }: Settled): Settled {
    if (this.#own.length === 0) return { tokens, findings };
    const isOwn = (from: number, to: number): boolean => this.#own.some(({ start, end }) => start <= from && to <= end);
    const kept = findings.filter(
      ({ start, end, type }) => !isRemembered(type) || !isOwn(tokens[start]?.s ?? -1, tokens[end - 1]?.e ?? Infinity),
    );
    const settledTo = tokens.at(-1)?.e ?? 0;
    this.#own = this.#own.filter(({ end }) => end > settledTo);
    return { tokens, findings: kept };
  }
}
