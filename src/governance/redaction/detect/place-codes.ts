/** Bare numbers that are postcodes by where they stand: after a place's name ("in Springfield 3610-114") or a state ("TX 75201"). */

import type { Token } from '../speech/token.ts';
import { isStop } from './hosts.ts';
import { US_STATES } from './postcode-areas.ts';

const BEFORE_PLACES = new Set(['in', 'from', 'near', 'to', 'at', 'of', 'around', 'outside']);
/** Words after "in" that are no place, before a number that is no postcode. */
const NO_PLACES = new Set(
  (
    'room page chapter section line year version apartment apt suite unit box flight number total about almost over ' +
    'nearly only just under exactly around case class episode verse grade level row seat gate bus route channel ticket ' +
    'another every each last next past least most january february march april may june july august september october ' +
    'november december all part step day week month order account card phone balance pin code ip extension option'
  ).split(' '),
);
/** What a number is a count of; a postcode is followed by none of these. */
const COUNTED = new Set(
  (
    'dollars pounds euros people years year months month weeks week days day hours hour minutes minute seconds miles ' +
    'percent times points cents dollar pound units items pieces words orders customers employees km kg'
  ).split(' '),
);
/** What stands before the other numbers of an address, and after the name of its street. */
const ADDRESS_PARTS = new Set(
  (
    'apt apartment suite unit flat floor box po psc street st road rd avenue ave lane ln drive dr boulevard blvd way court ' +
    'ct square terrace crescent place close highway parkway strasse straße gasse weg rue via calle plaza platz'
  ).split(' '),
);
/** How far back one is looked for. */
const ADDRESS_REACH = 14;
/** Words of a place's name. */
const MAX_NAME = 5;

interface Code {
  readonly start: number;
  readonly end: number;
}

/** The code that begins at a token, if a place stands before it. */
export function codeAfterPlace(tokens: readonly Token[], at: number, isEnd: boolean): Code | undefined {
  const before = tokens[at - 1];
  if (!before || !isCodeStart(tokens[at]) || isCodeStart(before)) return undefined;
  const end = codeEnd(tokens, at);
  const digits = countDigits(tokens, at, end);
  if (digits < 3 || digits > 8 || (end >= tokens.length && !isEnd)) return undefined;
  if (COUNTED.has(tokens[end]?.fold ?? '') || tokens[end]?.symbol?.kind === 'scale' || tokens[end]?.fold === '%')
    return undefined;
  const isCued = tokens[at]?.cue === 'postcode' || tokens[at]?.asked === 'postcode';
  const isPlaced = isAfterState(tokens, at, digits) || isAfterPlace(tokens, at) || isAfterAddress(tokens, at);
  return isCued || isPlaced ? { start: at, end } : undefined;
}

function isCodeStart(token: Token | undefined): boolean {
  const kind = token?.symbol?.kind;
  return (kind === 'digits' && token?.lead === ' ') || kind === 'unit' || kind === 'repeat';
}

/** One or two groups of digits, or digits said one by one. */
function codeEnd(tokens: readonly Token[], at: number): number {
  let end = at;
  while (end < at + 10) {
    const kind = tokens[end]?.symbol?.kind;
    const isDash = end > at && tokens[end]?.fold === '-' && tokens[end + 1]?.kind === 'digits';
    if (kind !== 'digits' && kind !== 'unit' && kind !== 'repeat' && !isDash) break;
    end += 1;
  }
  return end;
}

function countDigits(tokens: readonly Token[], at: number, end: number): number {
  let digits = 0;
  for (let place = at; place < end; place += 1) {
    const symbol = tokens[place]?.symbol;
    if (symbol?.kind === 'digits') digits += symbol.digits.length;
    else if (symbol?.kind === 'unit') digits += 1;
    else if (symbol?.kind === 'repeat') digits += symbol.times - 1;
  }
  return digits;
}

/** "TX 75201", "Texas, 75201"; two capital letters stand for a state or a province of any country. */
function isAfterState(tokens: readonly Token[], at: number, digits: number): boolean {
  const comma = tokens[at - 1]?.fold === ',' ? at - 2 : at - 1;
  const state = tokens[comma];
  if (state?.kind !== 'word' || state.lead === '') return false;
  const isCapital = /^[A-Z]{2}$/.test(state.text);
  return (
    (isCapital && digits >= 3 && !NO_PLACES.has(state.fold)) ||
    (digits === 5 && state.fold.length > 2 && US_STATES.has(state.fold)) ||
    (digits === 9 && US_STATES.has(state.fold))
  );
}

/** "In" and a name: one word at least that is neither everyday nor a number. */
function isAfterPlace(tokens: readonly Token[], at: number): boolean {
  let from = at - 1;
  if (tokens[from]?.fold === ',') from -= 1;
  const nearest = tokens[from];
  for (let words = 0; words < MAX_NAME && from > 0; words += 1) {
    const word = tokens[from];
    if (!word || word.kind === 'digits' || (word.kind === 'mark' && word.fold !== '-') || NO_PLACES.has(word.fold))
      return false;
    if (BEFORE_PLACES.has(word.fold)) return words > 0 && nearest !== undefined && isName(nearest);
    from -= 1;
  }
  return false;
}

function isName(token: Token): boolean {
  return token.kind === 'word' && !isStop(token) && token.symbol?.kind !== 'filler';
}

/** The last number of an address: a part of one before, then a name, then the code. */
function isAfterAddress(tokens: readonly Token[], at: number): boolean {
  let words = 0;
  for (let from = at - 1; from >= Math.max(0, at - ADDRESS_REACH); from -= 1) {
    const token = tokens[from];
    if (!token) return false;
    if (ADDRESS_PARTS.has(token.fold)) return words > 0;
    if (token.kind === 'word' && token.symbol === undefined) words += 1;
    // Only a name and the number of the part may stand between.
    if (words > 5 || (isStop(token) && token.symbol?.kind !== 'correction')) return false;
  }
  return false;
}
