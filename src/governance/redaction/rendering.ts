/** One plan's view of a leg: what the detectors settled goes in, pieces for whoever reads under that plan come out. */

import type { Piece, RedactionPlan } from '../../model/transcript.ts';
import type { Settled } from './engine.ts';
import { renderPiece } from './renderer.ts';

export class Rendering {
  readonly #plan: RedactionPlan;

  constructor(plan: RedactionPlan) {
    this.#plan = plan;
  }

  get plan(): RedactionPlan {
    return this.#plan;
  }

  /** Takes what has settled; answers what may be read of it now. */
  add(settled: Settled): readonly Piece[] {
    const piece = renderPiece(settled, this.#plan);
    return piece ? [piece] : [];
  }

  /** The turn is over, after everything of it was added: answers what waited for that. */
  endTurn(): readonly Piece[] {
    return [];
  }
}
