/**
 * The redactor of one leg for one reader, usable on its own: recogniser results in, settled pieces out. Synchronous, no
 * I/O, no clock; it never lets go of text that a later word could still turn into something to hide.
 */

import { assert } from '../../base/assert.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan, RedactionSignal } from '../../model/transcript.ts';
import { Aside } from './aside.ts';
import { CallMemory } from './call-memory.ts';
import type { SecondOpinion } from './detect/second-opinion.ts';
import { LegRedactor, MAX_EVENT_CHARS, RedactionError, type Settlement, type SpeechEvent } from './leg-redactor.ts';
import type { LinkKey } from './linkable-token.ts';
import { joinPieces } from './settlement.ts';

/** Version of these detectors, recorded with every release. */
export const DETECTOR = 'earshot-redactor/3';

export interface RedactorOptions {
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  /** Shared by the legs of one call. */
  readonly memory?: CallMemory | undefined;
  readonly settings?: RedactionSettings | undefined;
  /** Asked of the words beside our own detectors; without one nobody is. */
  readonly secondOpinion?: SecondOpinion | undefined;
  /** For tokens that link calls of a tenant; without it they are pseudonyms of the call. */
  readonly linkKey?: LinkKey | undefined;
}

export interface Redactor {
  /** What may be shown of the newest result after all the pieces, if it was a partial one; void with the next step. */
  readonly preview: Piece | undefined;
  /** What the last step noticed that others act upon. */
  readonly signals: readonly RedactionSignal[];
  /** Takes one result; answers what has settled. Partial results settle nothing. Throws OVERSIZE. */
  push(event: SpeechEvent): readonly Piece[];
  /** Ends the turn: settles everything held. A number that may go on is hidden, and what continues it is too. */
  settle(): readonly Piece[];
  /** Tells the time on the stream's timeline, in ms: after enough silence what is held is settled as by `settle`. */
  advance(nowMs: number): readonly Piece[];
  /** Redacts a whole text said back to the call, against the values the call is known to hold. Throws OVERSIZE. */
  answer(text: string): Piece;
  /** Settles what is held, as nothing follows. No more may be pushed. */
  end(): readonly Piece[];
  /** Forgets the leg; what is held is never said. */
  close(): void;
}

/**
 * A redactor for one leg.
 *
 *     const redactor = createRedactor({ actions: { CARD: 'mask' }, defaultAction: 'pseudonym' }, { resumed: false });
 *     redactor.push({ final: false, text: 'my card is four one', startMs: 0, endMs: 1400, words: [] });
 *     redactor.preview?.text;                      // 'my card is …'
 *     redactor.push({ final: true, text: 'my card is 4111 1111', startMs: 0, endMs: 2100, words: [] });
 *     redactor.advance(4000);                      // after a silence: ' [CARD]'
 *     redactor.answer('You said 4111 1111?').text; // 'You said [CARD]?'
 *     redactor.end();
 */
export function createRedactor(plan: RedactionPlan, options: RedactorOptions): Redactor {
  const memory = options.memory ?? new CallMemory();
  const { resumed, settings, secondOpinion, linkKey } = options;
  const leg = new LegRedactor({ memory, plans: { plan }, resumed, settings, secondOpinion, linkKey });
  let last: Settlement = { texts: {}, signals: [] };
  let hasEnded = false;
  const take = (settlement: Settlement): readonly Piece[] => {
    last = settlement;
    return settlement.texts['plan'] ?? [];
  };

  return {
    get preview() {
      return last.previews?.['plan'];
    },
    get signals() {
      return last.signals;
    },
    push(event) {
      assert(!hasEnded, 'a redactor takes nothing after its end');
      return take(leg.push(event));
    },
    settle: () => take(leg.settle()),
    advance: (nowMs) => take(leg.advance(nowMs)),
    answer: (text) => redactText(text, plan, memory, { settings, secondOpinion, linkKey }),
    end() {
      hasEnded = true;
      return take(leg.end());
    },
    close() {
      hasEnded = true;
      leg.close();
    },
  };
}

/** Redacts a text that stands alone, against what `memory` holds. Line breaks become spaces. Throws OVERSIZE. */
export function redactText(
  text: string,
  plan: RedactionPlan,
  memory: CallMemory,
  options: Pick<RedactorOptions, 'settings' | 'secondOpinion' | 'linkKey'> = {},
): Piece {
  if (text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'text is over its size limit');
  const aside = new Aside({ plan, memory, ...options });
  return joinPieces([...aside.push(text), ...aside.end()]);
}
