/**
 * One plan's view of a leg: what the detectors settled goes in, pieces for whoever reads under that plan come out. Where
 * the plan may drop an utterance, nothing comes out before its end.
 */

import type { Piece, RedactionPlan } from '../../model/transcript.ts';
import type { Settled } from './engine.ts';
import type { LinkKey } from './linkable-token.ts';
import { renderPiece } from './renderer.ts';
import { dropsUtterances, Utterance } from './utterance.ts';

export class Rendering {
  #plan: RedactionPlan;
  readonly #linkKey: LinkKey | undefined;
  readonly #utterance = new Utterance();

  constructor(plan: RedactionPlan, { linkKey }: { readonly linkKey?: LinkKey | undefined } = {}) {
    this.#plan = plan;
    this.#linkKey = linkKey;
  }

  get plan(): RedactionPlan {
    return this.#plan;
  }

  /** Whether what is said now may yet be dropped with what follows: nothing of it may be shown. */
  get isWaiting(): boolean {
    return dropsUtterances(this.#plan);
  }

  /** From what has not been given yet on, another plan holds. */
  replan(plan: RedactionPlan): void {
    this.#plan = plan;
  }

  /** Takes what has settled; answers what may be read of it now. */
  add(settled: Settled): readonly Piece[] {
    this.#utterance.add(settled);
    return this.#read(this.isWaiting ? this.#utterance.takeFull() : this.#utterance.takeAll());
  }

  /** The turn is over, after everything of it was added: answers what waited for that. */
  endTurn(): readonly Piece[] {
    const pieces = this.#read(this.#utterance.takeAll());
    this.#utterance.end();
    return pieces;
  }

  #read(parts: readonly Settled[]): readonly Piece[] {
    return parts.flatMap((part) => {
      const piece = this.#utterance.drop(part, this.#plan) ?? renderPiece(part, this.#plan, this.#linkKey);
      return piece ? [piece] : [];
    });
  }
}
