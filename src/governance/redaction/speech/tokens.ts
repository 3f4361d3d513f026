/** Turns items into tokens, one by one: what a token knows depends on what came before it and on nothing after. */

import type { Item } from '../lexer.ts';
import { SPECIAL_TERMS } from '../lexicon/special-terms.ts';
import { kindsOf } from '../lexicon/lexicon.ts';
import { CLOSED, EVERYDAY, MEASURE, ORDINARY, TALK } from '../lexicon/word-kinds.ts';
import { symbolOf } from './spoken-words.ts';
import type { SpokenSymbol } from './symbol.ts';
import { TopicTracker } from './topics.ts';
import type { Token, Topic } from './token.ts';

/** Digits, letters and what stands between them: however long a number is, it is still what was announced. */
const USES_NO_CUE = new Set<SpokenSymbol['kind']>([
  ...(['digits', 'unit', 'teen', 'ten', 'scale', 'repeat', 'ordinal', 'month', 'letter', 'glue', 'filler'] as const),
]);

export class Tokens {
  readonly #topics = new TopicTracker();
  #inTurn = 0;
  #named: Topic | undefined;

  /** What the newest word has brought up. */
  get named(): Topic | undefined {
    return this.#named;
  }

  /** `asked` is what the other leg waits for at this moment, `offset` how far into the leg's text the item's text begins. */
  next(item: Item, asked: Topic | undefined, offset = 0): Token {
    const symbol = symbolOf(item);
    const cue = this.#topics.current;
    this.#named = this.#topics.note(item, symbol !== undefined && USES_NO_CUE.has(symbol.kind));
    const kinds = item.kind === 'word' ? kindsOf(item.fold) : 0;
    const isPlain = symbol === undefined && cue === undefined && asked === undefined && isPlainWord(item, kinds);

    const { lead, text, fold, kind, startMs, endMs, isTimed } = item;
    // Spelled out: a spread costs as much as a detector.
    const token: Token = {
      lead,
      text,
      fold,
      kind,
      startMs,
      endMs,
      isTimed,
      s: item.s + offset,
      e: item.e + offset,
      symbol,
      cue,
      asked,
      kinds,
      isPlain,
      inTurn: this.#inTurn,
    };
    this.#inTurn += 1;
    return token;
  }

  endTurn(): void {
    this.#inTurn = 0;
  }

  answered(): void {
    this.#topics.answered();
  }
}

const SAID_BY_ALL = EVERYDAY | CLOSED | TALK;
const PLAIN = SAID_BY_ALL | ORDINARY | MEASURE;

function isPlainWord({ kind, lead, text, fold }: Item, kinds: number): boolean {
  if (kind !== 'word' || lead === '' || text !== fold || SPECIAL_TERMS.has(fold)) return false;
  return (kinds & SAID_BY_ALL) !== 0 && (kinds & ~PLAIN) === 0;
}
