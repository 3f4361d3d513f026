/**
 * One leg's redaction for everybody who may read it: detection once, one rendering for each plan. Synchronous, no I/O, no
 * clock.
 */

import { CodedError } from '../../base/error.ts';
import {
  DEFAULT_REDACTION,
  stricterPartials,
  type PartialsMode,
  type RedactionSettings,
} from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan, RedactionSignal } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import type { Notice } from './card-talk.ts';
import type { SecondOpinion } from './detect/second-opinion.ts';
import { detectionFor } from './detection.ts';
import { Engine, type Settled } from './engine.ts';
import type { Speech } from './lexer.ts';
import type { LinkKey } from './linkable-token.ts';
import { renderPreview } from './preview.ts';
import { actionFor } from './renderer.ts';
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

/** By plan, what its reader gets of partial results: never more than the settings say, and that where it is not named. */
export type PartialsOf = Readonly<Record<string, PartialsMode>>;

export interface LegRedactorOptions {
  readonly memory: CallMemory;
  readonly plans: Plans;
  readonly partials?: PartialsOf | undefined;
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  readonly settings?: RedactionSettings | undefined;
  readonly secondOpinion?: SecondOpinion | undefined;
  /** For tokens that link calls of a tenant; without it they are pseudonyms of the call. */
  readonly linkKey?: LinkKey | undefined;
}

export class LegRedactor {
  readonly #engine: Engine;
  readonly #settings: RedactionSettings;
  readonly #linkKey: LinkKey | undefined;
  #renderings: ReadonlyMap<string, Rendering>;
  #partials: PartialsOf;

  constructor(options: LegRedactorOptions) {
    const { memory, plans, partials = {}, resumed, settings = DEFAULT_REDACTION, secondOpinion } = options;
    this.#engine = new Engine({ memory, resumed, ...detectionFor(settings, secondOpinion) });
    this.#settings = settings;
    this.#linkKey = options.linkKey;
    this.#renderings = this.#renderingsOf(plans, new Map());
    this.#partials = partials;
  }

  /** From what settles next on, these plans hold; detection goes on as if nothing had happened. */
  replan(plans: Plans, partials: PartialsOf = {}): void {
    this.#renderings = this.#renderingsOf(plans, this.#renderings);
    this.#partials = partials;
  }

  /** Takes one result. A partial one settles nothing. Throws OVERSIZE. */
  push(event: SpeechEvent): Settlement {
    if (event.text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'event is over its size limit');
    const speech = event.words.length > MAX_EVENT_WORDS ? { ...event, words: [] } : event;
    return event.final ? this.#render(this.#engine.push(speech)) : this.#preview(speech);
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
    return { texts, signals: this.#signals() };
  }

  /** Card data is listened for in partial results too, as every word of it counts; otherwise nobody needs a look at them. */
  #preview(speech: Speech): Settlement {
    const { partials, pci } = this.#settings;
    if (partials === 'off' && !pci.enabled) {
      this.#engine.hear(speech);
      return { texts: {}, signals: [] };
    }
    const ahead = this.#engine.preview(speech);
    const previews: Record<string, Piece> = {};
    for (const [name, { plan }] of this.#renderings) {
      const own = Object.hasOwn(this.#partials, name) ? this.#partials[name] : undefined;
      const piece = renderPreview(ahead, plan, stricterPartials(partials, own ?? partials));
      if (piece) previews[name] = piece;
    }
    return { texts: {}, ...(partials !== 'off' && { previews }), signals: this.#signals() };
  }

  #signals(): readonly RedactionSignal[] {
    const signals: RedactionSignal[] = [];
    for (const notice of this.#engine.takeNotices()) {
      if (notice.kind !== 'found') signals.push(notice);
      else if (this.#isToPause(notice)) signals.push({ kind: 'pause', type: notice.type, atMs: notice.atMs });
    }
    return signals;
  }

  #isToPause({ type }: Extract<Notice, { readonly kind: 'found' }>): boolean {
    for (const { plan } of this.#renderings.values()) if (actionFor(type, plan) === 'pause_ai') return true;
    return false;
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
