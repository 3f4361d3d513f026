/** One word, digit group or mark of a leg's speech, with all that is known of it by itself and by what came before. */

import type { Item } from '../lexer.ts';
import type { SpokenSymbol } from './symbol.ts';

/** What a question, or the talk itself, has made likely to come next. */
export type Topic =
  | 'card'
  | 'cvv'
  | 'expiry'
  | 'pin'
  | 'phone'
  | 'email'
  | 'ssn'
  | 'national_id'
  | 'account'
  | 'sort_code'
  | 'iban'
  | 'reference'
  | 'dob'
  | 'age'
  | 'postcode'
  | 'address'
  | 'name'
  | 'password'
  | 'otp'
  | 'answer'
  | 'spelling'
  | 'number';

export interface Token extends Item {
  /** Offsets into the leg's original text (its results joined by one space each), UTF-16, end exclusive. */
  readonly s: number;
  readonly e: number;
  /** What it stands for when numbers and letters are said aloud; undefined for any other word. */
  readonly symbol: SpokenSymbol | undefined;
  /** What this leg's own recent words are about: "my card number is". */
  readonly cue: Topic | undefined;
  /** What the other leg has asked for and not been told yet. */
  readonly asked: Topic | undefined;
  /** Flags of `lexicon/word-kinds.ts`: what is known of it by itself; 0 for what is no word. */
  readonly kinds: number;
  /**
   * A word that everybody says, in lower case, that is nothing else besides and was not asked for. Where all that is held
   * is so, there is nothing for a detector to find.
   */
  readonly isPlain: boolean;
  /** How many tokens of this leg's turn came before it. */
  readonly inTurn: number;
}
