/** The parts of an address as they are told from single words: numbers, street names, parts of a house, what may follow. */

import { placesBeginning } from '../lexicon/lexicon.ts';
import {
  CITY,
  CLOSED,
  COUNTRY,
  EVERYDAY,
  FIRST,
  HOUSE_PART,
  LAST,
  LOOSE_BEGINNING,
  LOOSE_STREET,
  MEASURE,
  MILITARY,
  ORDINARY,
  PARTICLE,
  PEOPLE,
  PERSONAL,
  PLACE_BEGINNING,
  PLACE_ENDING,
  REGION,
  STATE_CODE,
  STREET_BEGINNING,
  STREET_ENDING,
  TALK,
  WHOLE_STREET,
} from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';
import { isCapital, isUnknown } from './word-roles.ts';

/** Marks between two parts of one address. */
const MAX_MARKS = 3;
const LINKS = new Set(['of', 'the', 'and']);

/** One place in a window. */
export interface Reading {
  readonly tokens: readonly Token[];
  readonly roles: Int32Array;
}

/** Where the number that begins here ends; `at` itself when none begins. */
export function numberEnd({ tokens }: Reading, at: number): number {
  let end = at;
  while (end < tokens.length) {
    const token = tokens[end];
    if (isNumber(token) || (end > at && isOrdinalEnd(token))) end += 1;
    else if (end > at && isJoint(tokens, end)) end += 2;
    else break;
  }
  return end;
}

/** A number or one of its digits, said or written. */
export function isNumber(token: Token | undefined): boolean {
  switch (token?.symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'repeat':
      return true;
    case 'scale':
      return token.symbol.zeros <= 3;
    default:
      return false;
  }
}

/** About how many digits stand between two places. */
export function digitsBetween({ tokens }: Reading, start: number, end: number): number {
  let digits = 0;
  for (let at = start; at < end; at += 1) {
    const symbol = tokens[at]?.symbol;
    if (symbol?.kind === 'digits' || symbol?.kind === 'teen' || symbol?.kind === 'ten') digits += symbol.digits.length;
    else if (symbol?.kind === 'unit' || symbol?.kind === 'repeat') digits += 1;
    else if (symbol?.kind === 'scale') digits += 2;
  }
  return digits;
}

/** The first place from here that is no comma or point. */
export function afterMarks({ tokens }: Reading, at: number): number {
  let place = at;
  while (tokens[place]?.text === ',' || tokens[place]?.text === '.') place += 1;
  return place;
}

/** Whether a street's name begins here; what is known of a number before or behind it is for others to weigh. */
export function isStreetBeginning({ tokens, roles }: Reading, at: number): boolean {
  const role = roles[at] ?? 0;
  if ((role & STREET_BEGINNING) === 0) return false;
  const next = tokens[at + 1]?.text === '.' ? at + 2 : at + 1;
  return (role & LOOSE_BEGINNING) === 0 ? isContent(tokens, roles, next) : isProper({ tokens, roles }, next);
}

/** Past the last word of a street's name that begins here and ends in "street" or the like; `at` when there is none. */
export function streetNameEnd(reading: Reading, at: number, hasNumber: boolean): number {
  const { tokens, roles } = reading;
  for (let place = at; place < at + 5; place += 1) {
    const role = roles[place] ?? 0;
    if (tokens[place]?.kind !== 'word') return at;
    if ((role & WHOLE_STREET) !== 0 && (role & ORDINARY) === 0) return place + 1;
    if (place > at && (role & STREET_ENDING) !== 0) {
      if ((role & LOOSE_STREET) === 0 || isProper(reading, place - 1) || hasNumber) return place + 1;
    }
    if (!isNamePart(reading, place)) return at;
  }
  return at;
}

/** Not an everyday word: unknown, the name of a person or place, or written with a capital. */
export function isProper(reading: Reading, at: number): boolean {
  const role = reading.roles[at] ?? 0;
  if (isCapital(role) && (role & (CLOSED | TALK | MEASURE)) === 0) return true;
  return isNamed(reading, at);
}

/** As `isProper`, but a capital alone says nothing. */
export function isNamed({ tokens, roles }: Reading, at: number): boolean {
  const role = roles[at] ?? 0;
  const token = tokens[at];
  if (token?.kind !== 'word' || (role & (CLOSED | TALK | MEASURE)) !== 0) return false;
  if (isUnknown(token, role) || (role & (PERSONAL | COUNTRY | REGION | PEOPLE)) !== 0) return true;
  return (role & EVERYDAY) === 0 && (role & (FIRST | LAST | CITY)) !== 0;
}

export function isHousePart({ tokens, roles }: Reading, at: number): boolean {
  return ((roles[at] ?? 0) & HOUSE_PART) !== 0 && hasNumberAfter(tokens, at + 1);
}

/** Where an address that has begun goes on to, one part at a time; `at` when it ends here. */
export function nextPart(reading: Reading, at: number): number {
  const { tokens, roles } = reading;
  const token = tokens[at];
  const role = roles[at] ?? 0;
  if (!token) return at;
  if (token.kind === 'mark') return goesOnAfterMarks(reading, at) ? at + 1 : at;
  const phrase = placePhraseEnd(tokens, at);
  if (phrase > at) return phrase;
  const number = numberEnd(reading, at);
  if (number > at) return isCounted(roles, number) ? at : number;
  if ((role & HOUSE_PART) !== 0) return hasNumberAfter(tokens, at + 1) || isLetter(tokens[at + 1]) ? at + 1 : at;
  if (isLetter(token)) return token.fold === 'i' || (token.fold === 'a' && !isNumber(tokens[at - 1])) ? at : at + 1;
  if (isProper(reading, at) || (role & MILITARY) !== 0) return at + 1;
  if ((role & STATE_CODE) !== 0 && isState(tokens, role, at)) return at + 1;
  if ((role & (CLOSED | TALK)) !== 0 && (role & (PARTICLE | STREET_BEGINNING)) === 0) return at;
  if ((role & (PLACE_ENDING | STREET_ENDING)) !== 0)
    return isProper(reading, at - 1) || isPlaceNext(reading, at + 1) ? at + 1 : at;
  if ((role & (PLACE_BEGINNING | STREET_BEGINNING | PARTICLE)) !== 0) return isProper(reading, at + 1) ? at + 1 : at;
  return (role & MEASURE) === 0 && isPlaceNext(reading, at + 1) && (role & EVERYDAY) === 0 ? at + 1 : at;
}

function goesOnAfterMarks(reading: Reading, at: number): boolean {
  let next = at;
  while (next < at + MAX_MARKS && isInnerMark(reading.tokens[next]?.text ?? '')) next += 1;
  return next > at && reading.tokens[next]?.kind !== 'mark' && nextPart(reading, next) > next;
}

/** Past the place of several words that begins here. */
function placePhraseEnd(tokens: readonly Token[], at: number): number {
  const phrases = placesBeginning(tokens[at]?.fold ?? '', tokens[at + 1]?.fold ?? '');
  if (!phrases) return at;
  for (const { rest } of phrases) {
    let matched = 0;
    while (matched < rest.length && tokens[at + 1 + matched]?.fold === rest[matched]) matched += 1;
    if (matched === rest.length) return at + 1 + matched;
  }
  return at;
}

/** What ends an address stands here: a state, a country, a number of some length. */
function isPlaceNext(reading: Reading, at: number): boolean {
  const role = reading.roles[at] ?? 0;
  if ((role & (COUNTRY | REGION)) !== 0 || placePhraseEnd(reading.tokens, at) > at) return true;
  if ((role & STATE_CODE) !== 0 && isState(reading.tokens, role, at)) return true;
  const end = numberEnd(reading, at);
  return digitsBetween(reading, at, end) >= 3 && !isCounted(reading.roles, end);
}

/** "In", "or" and "me" are states too, before a postcode or shouted. */
function isState(tokens: readonly Token[], role: number, at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  if ((role & ORDINARY) === 0) return true;
  return (token.text !== token.fold && token.text === token.text.toUpperCase()) || isNumber(tokens[at + 1]);
}

function isNamePart(reading: Reading, at: number): boolean {
  const role = reading.roles[at] ?? 0;
  const token = reading.tokens[at];
  if (token?.kind !== 'word') return false;
  if ((role & PARTICLE) !== 0 || LINKS.has(token.fold)) return true;
  if (token.symbol?.kind === 'ordinal') return true;
  return (role & (CLOSED | TALK | MEASURE)) === 0 && !isNumber(token);
}

function isContent(tokens: readonly Token[], roles: Int32Array, at: number): boolean {
  const role = roles[at] ?? 0;
  return tokens[at]?.kind === 'word' && ((role & PARTICLE) !== 0 || (role & (CLOSED | TALK)) === 0);
}

/** A measure follows, so the number counts something. */
function isCounted(roles: Int32Array, at: number): boolean {
  return ((roles[at] ?? 0) & MEASURE) !== 0 && ((roles[at] ?? 0) & CLOSED) === 0;
}

function hasNumberAfter(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text;
  const place =
    text === '.' || text === '#' || tokens[at]?.fold === 'number' || tokens[at]?.fold === 'no' ? at + 1 : at;
  return isNumber(tokens[place]);
}

function isLetter(token: Token | undefined): boolean {
  return token?.symbol?.kind === 'letter' && !token.symbol.isWord;
}

function isInnerMark(text: string): boolean {
  return text === ',' || text === '.' || text === '-' || text === '/' || text === '#' || text === "'" || text === '’';
}

function isOrdinalEnd(token: Token | undefined): boolean {
  return (
    token?.lead === '' && (token.fold === 'th' || token.fold === 'st' || token.fold === 'nd' || token.fold === 'rd')
  );
}

/** "12-14", "12/3" */
function isJoint(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text;
  return (text === '-' || text === '/') && isNumber(tokens[at + 1]);
}
