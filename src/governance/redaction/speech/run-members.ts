/** What a token is to a run of digits and letters: a part of it, something that may stand inside it, or its end. */

import type { SpokenSymbol } from './symbol.ts';
import type { Token } from './token.ts';

/** What a run is made of. A `word` is letters written in one piece beside digits: the "GB" of "GB56". */
export type Part = SpokenSymbol | { readonly kind: 'word'; readonly letters: string };

/**
 * How surely a part belongs to a run. A firm part makes a run; a likely one ("oh", "double", "mike") makes one beside
 * others; a doubtful one ("to", "a", "see") counts only between others.
 */
export type Weight = 'firm' | 'likely' | 'doubtful';

export interface Member {
  /** The window's tokens it was said with; more than one for "b as in boy". */
  readonly start: number;
  readonly end: number;
  readonly part: Part;
  readonly weight: Weight;
}

export type Role = Member | 'word-between' | 'mark-between' | 'correction' | 'plus' | 'end';

const WORDS_BETWEEN = new Set(
  (
    'number numbers digit digits figure figures letter letters capital capitals caps uppercase lowercase upper lower case ' +
    'then next followed by extension ext comma again'
  ).split(' '),
);
/** Written right behind a number they are its unit or its ending, and no letters of a reference. */
const SUFFIXES = new Set(
  'st nd rd th s am pm a p k m km cm mm kg g mg ml l lb lbs oz ft mb gb tb kb hz khz mhz ghz hrs hr h min mins sec secs x px'.split(
    ' ',
  ),
);
/** Short words in capitals that are just words, as in text that is all capitals. */
const CAPITAL_WORDS = new Set(
  'the for and is my i it in on at to of or no not but so we he she you me us an as by do go if up am pm id pin cvv cvc ssn dob zip exp was has are can our his her ok yes tel fax ext mr mrs ms dr apt po box usd eur gbp'.split(
    ' ',
  ),
);
/** Longer numbers are seldom written with a unit in one piece. */
const MAX_SUFFIXED = 4;
const GLUED_WORD = /^[a-z]{1,10}$/;
const CAPITALS = /^[A-Z]{2,4}$/;

/** `previous` is the last part of the run that is open, if one is. */
export function roleOf(tokens: readonly Token[], at: number, previous: Member | undefined): Role {
  const token = tokens[at];
  if (!token) return 'end';
  const { symbol } = token;
  if (symbol === undefined) return roleOfPlain(tokens, at, token, previous);
  switch (symbol.kind) {
    case 'digits':
    case 'teen':
    case 'ten':
    case 'scale':
      return member(at, at + 1, symbol, 'firm');
    case 'unit':
      return member(at, at + 1, symbol, symbol.digit === '0' && token.fold !== 'zero' ? 'likely' : 'firm');
    case 'repeat':
      return member(at, at + 1, symbol, 'likely');
    case 'letter':
    case 'homophone':
      return roleOfLetter(tokens, at, token, symbol);
    case 'ordinal':
      return previous && isCardinalPart(previous.part) ? member(at, at + 1, symbol, 'likely') : 'end';
    case 'glue':
      return roleOfGlue(token, symbol.mark);
    case 'and':
      return previous && previous.part.kind !== 'digits' ? 'word-between' : 'end';
    case 'filler':
      return 'word-between';
    case 'correction':
      return 'correction';
    case 'month':
      return 'end';
  }
}

function roleOfPlain(tokens: readonly Token[], at: number, token: Token, previous: Member | undefined): Role {
  if (token.kind === 'mark') return isBreak(token.fold) ? 'end' : 'mark-between';
  const next = tokens[at + 1];
  const nextIsDigits = next?.kind === 'digits';
  if (previous === undefined && !nextIsDigits) return 'end';
  if (WORDS_BETWEEN.has(token.fold)) return 'word-between';
  const isBehind = token.lead === '' && previous?.end === at && previous.part.kind === 'digits';
  const isBefore = nextIsDigits && next.lead === '';
  if (isBehind && !isBefore && isSuffix(tokens, at)) return 'end';
  if ((isBehind || isBefore) && GLUED_WORD.test(token.fold)) return wordOf(at, token);
  // "AB12 CDE": capitals go on where letters and digits were written in one piece.
  const isTail = previous?.end === at && tokens[at - 1]?.lead === '' && tokens[at - 2]?.kind === 'word';
  const mayStandAlone = (nextIsDigits || isTail) && CAPITALS.test(token.text) && !CAPITAL_WORDS.has(token.fold);
  return mayStandAlone ? wordOf(at, token) : 'end';
}

/** "10am", "5k": a unit behind a number, unless letters came before it as in "X1234K". */
function isSuffix(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const number = tokens[at - 1];
  if (token?.lead !== '' || number?.kind !== 'digits' || number.fold.length > MAX_SUFFIXED) return false;
  const isInCode = number.lead === '' && tokens[at - 2]?.kind === 'word';
  return !isInCode && SUFFIXES.has(token.fold);
}

function wordOf(at: number, token: Token): Member {
  return member(at, at + 1, { kind: 'word', letters: token.fold }, 'likely');
}

function roleOfLetter(
  tokens: readonly Token[],
  at: number,
  token: Token,
  symbol: Extract<SpokenSymbol, { kind: 'letter' | 'homophone' }>,
): Role {
  const { letter } = symbol;
  if (letter !== undefined) {
    const isXRay = letter === 'x' && tokens[at + 1]?.fold === 'ray';
    const end = isXRay ? at + 2 : endOfSpelling(tokens, at + 1, letter);
    if (end > 0) return member(at, end, { kind: 'letter', letter, isWord: true }, 'firm');
  }
  const previous = tokens[at - 1];
  if (isSuffix(tokens, at) && tokens[at + 1]?.lead !== '') return member(at, at + 1, symbol, 'doubtful');
  if (symbol.kind === 'homophone') {
    const isRange = symbol.digit !== undefined && isLong(previous) && isLong(tokens[at + 1]);
    return isRange ? 'end' : member(at, at + 1, symbol, 'doubtful');
  }
  if (symbol.isWord) return member(at, at + 1, symbol, 'likely');
  return member(at, at + 1, symbol, token.fold === 'a' || token.fold === 'i' ? 'doubtful' : 'firm');
}

/** Where "as in boy", "for boy" or "like boy" ends, said after a letter that the word begins with; 0 if it is not there. */
function endOfSpelling(tokens: readonly Token[], at: number, letter: string): number {
  const joint = tokens[at]?.fold;
  const after =
    joint === 'as' && tokens[at + 1]?.fold === 'in' ? at + 2 : joint === 'for' || joint === 'like' ? at + 1 : 0;
  const word = after > 0 ? tokens[after] : undefined;
  return word?.kind === 'word' && word.fold.length > 1 && word.fold.startsWith(letter) ? after + 1 : 0;
}

function roleOfGlue(token: Token, mark: string): Role {
  if (mark === '@') return 'end';
  if (mark === '+') return 'plus';
  return token.kind === 'mark' ? 'mark-between' : 'word-between';
}

/** Between "2019" and "2021", or "ten" and "fifteen", "to" is a word; between single digits it may be one of them. */
function isLong(token: Token | undefined): boolean {
  const symbol = token?.symbol;
  if (symbol?.kind === 'digits') return symbol.digits.length > 1;
  return symbol?.kind === 'teen' || symbol?.kind === 'ten' || symbol?.kind === 'scale';
}

function isCardinalPart(part: Part): boolean {
  return part.kind === 'unit' || part.kind === 'teen' || part.kind === 'ten' || part.kind === 'scale';
}

function isBreak(mark: string): boolean {
  return '$£€¥%&='.includes(mark);
}

function member(start: number, end: number, part: Part, weight: Weight): Member {
  return { start, end, part, weight };
}
