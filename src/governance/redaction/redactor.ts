/**
 * The redactor of one leg: recogniser results in, settled pieces out. Synchronous, no I/O, no clock; it never lets go
 * of text that a later word could still turn into something to hide.
 */

import { assert } from '../../base/assert.ts';
import { CodedError } from '../../base/error.ts';
import type { Piece, RedactionPlan } from '../../model/transcript.ts';
import { KnownValues } from './known-values.ts';
import { cutItems, type Speech } from './lexer.ts';
import { renderPiece } from './renderer.ts';
import { Scanner, type Settled } from './scanner.ts';

/** Version of these detectors, recorded with every release. */
export const DETECTOR = 'earshot-redactor/1';

/** Characters one event may hold (UTF-16 units): what the worst of them cost stays well inside a 50 ms deadline. */
export const MAX_EVENT_CHARS = 8 * 1024;
/** Word times beyond this many are ignored; the words of that result are then spread evenly. */
export const MAX_EVENT_WORDS = 4096;

export class RedactionError extends CodedError<'OVERSIZE'> {}

/** One recogniser result. */
export interface SpeechEvent extends Speech {
  readonly final: boolean;
}

export interface Redactor {
  /** Takes one result; answers what has settled. Partial results change nothing. Throws OVERSIZE. */
  push(event: SpeechEvent): readonly Piece[];
  /** Ends the turn: settles everything held. A number that may go on is hidden, and what continues it is too. */
  settle(): readonly Piece[];
  /** Tells the time on the stream's timeline, in ms: after enough silence what is held is settled as by `settle`. */
  advance(nowMs: number): readonly Piece[];
  /** Redacts a whole text said back to the call, against the values the call is known to hold. Throws OVERSIZE. */
  answer(text: string): Piece;
  /** Settles what is held, as nothing follows. No more may be pushed. */
  end(): readonly Piece[];
}

/** Silence after which held words, and a held number, are let go. */
const WORDS_QUIET_MS = 800;
const NUMBER_QUIET_MS = 1500;
/** Nothing is held longer than this, whatever goes on being said. */
const LONGEST_HOLD_MS = 25_000;

/**
 * A redactor for one leg. `resumed` says that speech before now was not heard; `values` is the memory shared by the
 * legs of one call.
 */
export function createRedactor(
  plan: RedactionPlan,
  options: { readonly resumed: boolean; readonly values?: KnownValues },
): Redactor {
  const values = options.values ?? new KnownValues();
  const scanner = new Scanner(values, options.resumed);
  let isFirst = true;
  let hasEnded = false;

  const render = (settled: Settled): readonly Piece[] => {
    const piece = renderPiece(settled, plan);
    return piece ? [piece] : [];
  };

  return {
    push(event) {
      assert(!hasEnded, 'a redactor takes nothing after its end');
      if (event.text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'event is over its size limit');
      if (!event.final) return [];
      const words = event.words.length > MAX_EVENT_WORDS ? [] : event.words;
      for (const item of cutItems({ ...event, words }, isFirst)) {
        scanner.accept(item);
        isFirst = false;
      }
      return render(scanner.settled());
    },
    settle: () => render(scanner.settleAll()),
    advance(nowMs) {
      const held = scanner.heldItems;
      const first = held[0];
      const last = held.at(-1);
      if (!first || !last) return [];
      const quietMs = scanner.isNumberOpen ? NUMBER_QUIET_MS : WORDS_QUIET_MS;
      const isDue = nowMs - last.endMs >= quietMs || nowMs - first.startMs >= LONGEST_HOLD_MS;
      return isDue ? render(scanner.settleAll()) : [];
    },
    answer: (text) => redactText(text, plan, values),
    end() {
      hasEnded = true;
      return render(scanner.end());
    },
  };
}

/** Redacts a text that stands alone, against `values`. Line breaks become spaces. Throws OVERSIZE. */
export function redactText(text: string, plan: RedactionPlan, values: KnownValues): Piece {
  if (text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'text is over its size limit');
  const scanner = new Scanner(values, false);
  for (const item of cutItems({ text, startMs: 0, endMs: 0, words: [] }, true)) scanner.accept(item);
  return renderPiece(scanner.end(), plan) ?? { text: '', entities: [], startMs: 0, endMs: 0 };
}
