/**
 * One leg's redaction for everybody who may read it: detection once, one rendering for each plan. Synchronous, no I/O, no
 * clock.
 */

import { CodedError } from '../../base/error.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan, RedactionSignal } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import { Engine, type Settled } from './engine.ts';
import { engineSettings } from './engine-settings.ts';
import type { Speech } from './lexer.ts';
import type { LinkKey } from './linkable-token.ts';
import { Rendering } from './rendering.ts';

/** Characters one event, or one answer, may hold (UTF-16 units). */
export const MAX_EVENT_CHARS = 8 * 1024;
/** Word times beyond this many are ignored; the words of that result are then spread evenly. */
export const MAX_EVENT_WORDS = 4096;

export class RedactionError extends CodedError<'OVERSIZE'> {}

/** One recogniser result. */
export interface SpeechEvent extends Speech {
  readonly final: boolean;
}

/** Plans by whatever name their reader goes by. */
export type Plans = Readonly<Record<string, RedactionPlan>>;

/** What came of one step. */
export interface Settlement {
  /** Under each plan what can no longer change; the pieces of a plan concatenate to the leg's text under it. */
  readonly texts: Readonly<Record<string, readonly Piece[]>>;
  /**
   * Under each plan, of a partial result: what may be shown after those pieces until the next result, and is then void.
   * Absent where the settings say `off`, and after final results.
   */
  readonly previews?: Readonly<Record<string, Piece>> | undefined;
  readonly signals: readonly RedactionSignal[];
}

export interface LegRedactorOptions {
  readonly memory: CallMemory;
  readonly plans: Plans;
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  readonly settings?: RedactionSettings | undefined;
  /** For tokens that link calls of a tenant; without it they are pseudonyms of the call. */
  readonly linkKey?: LinkKey | undefined;
}

export class LegRedactor {
  readonly #engine: Engine;
  readonly #linkKey: LinkKey | undefined;
  #renderings: ReadonlyMap<string, Rendering>;

  constructor({ memory, plans, resumed, settings = DEFAULT_REDACTION, linkKey }: LegRedactorOptions) {
    this.#linkKey = linkKey;
    this.#engine = new Engine({ memory, resumed, ...engineSettings(settings) });
    this.#renderings = this.#renderingsOf(plans, new Map());
  }

  /** From what settles next on, these plans hold; detection goes on as if nothing had happened. */
  replan(plans: Plans): void {
    this.#renderings = this.#renderingsOf(plans, this.#renderings);
  }

  /** Takes one result. Throws OVERSIZE. */
  push(event: SpeechEvent): Settlement {
    if (event.text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'event is over its size limit');
    if (!event.final) return { texts: {}, signals: [] };
    return this.#render(this.#engine.push(event.words.length > MAX_EVENT_WORDS ? { ...event, words: [] } : event));
  }

  /** Tells the time on the stream's timeline, in ms: after enough silence what is held is settled as by `settle`. */
  advance(nowMs: number): Settlement {
    return this.#render(this.#engine.advance(nowMs));
  }

  /** Ends the turn: settles everything held. A number that may go on is hidden, and what continues it is too. */
  settle(): Settlement {
    return this.#render(this.#engine.settle(), { isTurnOver: true });
  }

  /** Settles what is held, as nothing follows. No more may be pushed. */
  end(): Settlement {
    return this.#render(this.#engine.end(), { isTurnOver: true });
  }

  /** Forgets the leg; what is held is never said. */
  close(): void {
    this.#engine.close();
  }

  #render(settled: Settled, { isTurnOver }: { readonly isTurnOver: boolean } = { isTurnOver: false }): Settlement {
    const texts: Record<string, readonly Piece[]> = {};
    for (const [name, rendering] of this.#renderings) {
      const pieces = rendering.add(settled);
      const all = isTurnOver ? [...pieces, ...rendering.endTurn()] : pieces;
      if (all.length > 0) texts[name] = all;
    }
    return { texts, signals: [] };
  }

  /** What a reader has not been given yet is his under his new plan. */
  #renderingsOf(plans: Plans, before: ReadonlyMap<string, Rendering>): ReadonlyMap<string, Rendering> {
    const renderings = new Map<string, Rendering>();
    for (const [name, plan] of Object.entries(plans)) {
      const rendering = before.get(name) ?? new Rendering(plan, { linkKey: this.#linkKey });
      rendering.replan(plan);
      renderings.set(name, rendering);
    }
    return renderings;
  }
}
