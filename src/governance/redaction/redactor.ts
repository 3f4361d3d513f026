/**
 * The redactor of one leg for one reader, usable on its own: recogniser results in, settled pieces out. Synchronous, no
 * I/O, no clock; it never lets go of text that a later word could still turn into something to hide.
 */

import { assert } from '../../base/assert.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan, TextRange } from '../../model/transcript.ts';
import { CallMemory } from './call-memory.ts';
import { Engine, type SettledFinding } from './engine.ts';
import { engineSettings } from './engine-settings.ts';
import { LegRedactor, MAX_EVENT_CHARS, RedactionError, type Settlement, type SpeechEvent } from './leg-redactor.ts';
import type { LinkKey } from './linkable-token.ts';
import { ownNames } from './own-names.ts';
import { Rendering } from './rendering.ts';
import type { Token } from './speech/token.ts';

/** Version of these detectors, recorded with every release. */
export const DETECTOR = 'earshot-redactor/3';

export interface RedactorOptions {
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  /** Shared by the legs of one call. */
  readonly memory?: CallMemory | undefined;
  readonly settings?: RedactionSettings | undefined;
  /** For tokens that link calls of a tenant; without it they are pseudonyms of the call. */
  readonly linkKey?: LinkKey | undefined;
}

export interface Redactor {
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

/** A redactor for one leg. */
export function createRedactor(plan: RedactionPlan, options: RedactorOptions): Redactor {
  const memory = options.memory ?? new CallMemory();
  const { resumed, settings, linkKey } = options;
  const leg = new LegRedactor({ memory, plans: { plan }, resumed, settings, linkKey });
  let hasEnded = false;
  const piecesOf = ({ texts }: Settlement): readonly Piece[] => texts['plan'] ?? [];

  return {
    push(event) {
      assert(!hasEnded, 'a redactor takes nothing after its end');
      return piecesOf(leg.push(event));
    },
    settle: () => piecesOf(leg.settle()),
    advance: (nowMs) => piecesOf(leg.advance(nowMs)),
    answer: (text) => redactText(text, plan, memory, { linkKey, settings }),
    end() {
      hasEnded = true;
      return piecesOf(leg.end());
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
  { linkKey, settings }: Pick<RedactorOptions, 'linkKey' | 'settings'> = {},
): Piece {
  if (text.length > MAX_EVENT_CHARS) throw new RedactionError('OVERSIZE', 'text is over its size limit');
  const own = settings && engineSettings(settings);
  const engine = new Engine({ memory, resumed: false, isAside: true, ...own });
  const { tokens, findings } = engine.push({ text, startMs: 0, endMs: 0, words: [] });
  const rest = engine.end();
  const all = [...tokens, ...rest.tokens];
  const names = ownNames(text, memory, linkKey);
  const moved = rest.findings.map((one) => ({
    ...one,
    start: one.start + tokens.length,
    end: one.end + tokens.length,
  }));
  const settled = { tokens: all, findings: [...findings, ...moved].filter((one) => !isWithin(names, all, one)) };
  const rendering = new Rendering(plan, { linkKey });
  const [piece] = [...rendering.add(settled), ...rendering.endTurn()];
  return piece ?? { text: '', entities: [], startMs: 0, endMs: 0 };
}

function isWithin(places: readonly TextRange[], tokens: readonly Token[], { start, end }: SettledFinding): boolean {
  const [first, last] = [tokens[start], tokens[end - 1]];
  return first !== undefined && last !== undefined && places.some((one) => one.start <= first.s && last.e <= one.end);
}
