/**
 * Finds postal addresses: a number and a street in either order, a street by its own name, a part of a house, military
 * post and post boxes, and from there on everything an address goes on with, down to the country.
 */

import {
  CAPITAL,
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
  SURE_HOUSE_PART,
  TALK,
  WHOLE_STREET,
} from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';
import {
  afterMarks,
  digitsBetween,
  isHousePart,
  isNumber,
  isProper,
  isStreetBeginning,
  nextPart,
  numberEnd,
  streetNameEnd,
  type Reading,
} from './address-parts.ts';
import type { Detection, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { isUnknown, rolesOf } from './word-roles.ts';

/** A house number is no longer. */
const MAX_HOUSE_DIGITS = 6;
/** Words of a street's name that a number is held for, and how many when an address is being talked about. */
const HELD_WORDS = 1;
const HELD_WORDS_CUED = 3;
const PLACE_WORDS = new Set(['on', 'at', 'in', 'to', 'from', 'near', 'is', 'address', 'of']);

/** What an address may begin with, besides a number, a name and a word no dictionary knows. */
const BEGINNING =
  MILITARY | HOUSE_PART | STREET_BEGINNING | WHOLE_STREET | PERSONAL | COUNTRY | REGION | PEOPLE | CAPITAL;
/** What an address may go on with. */
const CONTINUING = BEGINNING | STREET_ENDING | STATE_CODE | PLACE_BEGINNING | PLACE_ENDING | PARTICLE;

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

export function detectAddresses(window: Window): Detection {
  const { tokens, left, isEnd } = window;
  const length = tokens.length;
  const roles = rolesOf(window);
  if (!isConcerned(tokens, roles, left)) return nothingFound(length);
  const reading: Reading = { tokens, roles };
  let findings: Finding[] | undefined;
  let holdFrom = length;
  let at = 0;
  while (at < length) {
    if (!mayBegin(tokens[at], roles[at] ?? 0)) {
      at += 1;
      continue;
    }
    const begun = beginning(reading, at);
    if (begun) {
      const end = stretchEnd(reading, begun.end);
      if (end > left) (findings ??= []).push(findingOf(reading, { ...begun, end }));
      at = end;
      continue;
    }
    const number = numberEnd(reading, at);
    if (number > at) {
      if (!isEnd && holdFrom === length && mayBecomeStreet(reading, at, number)) holdFrom = Math.max(at, left);
      at = number;
      continue;
    }
    at += 1;
  }
  return findings || holdFrom < length ? { findings: findings ?? [], holdFrom } : nothingFound(length);
}

/** Whether anything held may be part of an address; nearly all talk is not. */
function isConcerned(tokens: readonly Token[], roles: Int32Array, left: number): boolean {
  for (let at = left; at < tokens.length; at += 1) {
    const role = roles[at] ?? 0;
    if ((role & CONTINUING) !== 0 && (role & (CLOSED | TALK)) === 0) return true;
    if (mayBegin(tokens[at], role) || tokens[at]?.symbol?.kind === 'letter') return true;
  }
  return false;
}

function mayBegin(token: Token | undefined, role: number): boolean {
  if (!token || token.kind === 'mark') return false;
  if ((role & BEGINNING) !== 0) return true;
  if ((role & EVERYDAY) === 0 && (role & (FIRST | LAST | CITY)) !== 0) return true;
  if ((role & STREET_ENDING) !== 0 && token.fold === 'corner') return true;
  return token.symbol === undefined ? (role & ORDINARY) === 0 : isNumber(token);
}

/** The sure beginning of an address at this place, if there is one. */
function beginning(reading: Reading, at: number): Stretch | undefined {
  const { tokens, roles } = reading;
  const token = tokens[at];
  const role = roles[at] ?? 0;
  if (!token || token.kind === 'mark') return undefined;
  if (isNumber(token)) return numberFirst(reading, at);
  if (token.kind !== 'word') return undefined;
  if ((role & MILITARY) !== 0) return { start: at, end: at + 2, rule: 'address.military' };
  if ((role & SURE_HOUSE_PART) !== 0 && isHousePart(reading, at))
    return { start: at, end: at + 1, rule: 'address.part' };
  if (token.fold === 'box' && isPostBox(reading, at)) return { start: at, end: at + 1, rule: 'address.box' };
  if (token.fold === 'corner' && tokens[at + 1]?.fold === 'of') return corner(reading, at + 2);
  if (isStreetBeginning(reading, at)) {
    const isLoose = (role & (LOOSE_BEGINNING | CLOSED)) !== 0;
    const begun = isLoose ? looseBeginning(reading, at) : { start: at, end: at + 2, rule: 'address.street' };
    if (begun) return begun;
  }
  return nameFirst(reading, at);
}

/** "12 Baker Street", "770 26 rue des Halles", "14 Koskikatu 25" */
function numberFirst(reading: Reading, at: number): Stretch | undefined {
  const { tokens, roles } = reading;
  const end = numberEnd(reading, at);
  const name = afterMarks(reading, end);
  const role = roles[name] ?? 0;
  const digits = digitsBetween(reading, at, end);
  if (tokens[name]?.kind !== 'word' || (role & MEASURE) !== 0) return undefined;
  const isCued = isAbout(tokens, at);
  if (isStreetBeginning(reading, name)) return { start: at, end: name + 2, rule: 'address.street' };
  if (isOrdinalStreet(reading, end, name)) return { start: at, end: name + 1, rule: 'address.street' };
  const street = streetNameEnd(reading, name, digits >= 2 || isCued);
  if (street > name) return { start: at, end: street, rule: 'address.street' };
  if (isHousePart(reading, name) && digits >= 2) return { start: at, end: name + 1, rule: 'address.part' };
  if (!isProper(reading, name)) return undefined;
  return (isCued && digits >= 2) || isNumberSoon(reading, name)
    ? { start: at, end: name + 1, rule: 'address.number' }
    : undefined;
}

/** "Villacher Straße 89", "on Peter Zuidhove 188", "Baker Street" */
function nameFirst(reading: Reading, at: number): Stretch | undefined {
  const { tokens, roles } = reading;
  const role = roles[at] ?? 0;
  if ((role & (CLOSED | TALK)) !== 0) return undefined;
  if ((role & WHOLE_STREET) !== 0 && isUnknown(tokens[at], role))
    return { start: at, end: at + 1, rule: 'address.street' };
  if (!isProper(reading, at)) return undefined;
  const next = roles[at + 1] ?? 0;
  if ((next & STREET_ENDING) !== 0 && ((next & LOOSE_STREET) === 0 || numberEnd(reading, at + 2) > at + 2)) {
    return { start: at, end: at + 2, rule: 'address.street' };
  }
  const before = tokens[at - 1];
  if (!before || !(PLACE_WORDS.has(before.fold) || isAbout(tokens, at))) return undefined;
  let name = at;
  while (name < at + 3 && isProper(reading, name)) name += 1;
  const end = numberEnd(reading, name);
  const digits = digitsBetween(reading, name, end);
  if (digits < 1 || digits > MAX_HOUSE_DIGITS || ((roles[end] ?? 0) & MEASURE) !== 0) return undefined;
  return { start: at, end, rule: 'address.number' };
}

/** "The corner of Main Street and Elm" */
function corner(reading: Reading, at: number): Stretch | undefined {
  const first = streetEnd(reading, at);
  if (first === at) return undefined;
  const joint = reading.tokens[first]?.fold === 'and' ? first + 1 : first;
  return { start: at, end: joint > first ? Math.max(first, streetEnd(reading, joint)) : first, rule: 'address.corner' };
}

function streetEnd(reading: Reading, at: number): number {
  const name = numberEnd(reading, at);
  if (isOrdinalStreet(reading, name, name)) return numberEnd(reading, name + 1);
  const street = streetNameEnd(reading, name, true);
  if (street > name) return numberEnd(reading, street);
  let end = name;
  while (isProper(reading, end) || isStreetBeginning(reading, end)) end += 1;
  return end > name ? numberEnd(reading, end) : at;
}

/** From a sure beginning on to the last part. */
function stretchEnd(reading: Reading, from: number): number {
  let at = Math.min(from, reading.tokens.length);
  for (;;) {
    const next = nextPart(reading, at);
    if (next === at) break;
    at = next;
  }
  while (reading.tokens[at - 1]?.kind === 'mark') at -= 1;
  return at;
}

/** "P.O. box 12", "PSC 3, box 5", "box 1204" */
function isPostBox({ tokens, roles }: Reading, at: number): boolean {
  if (!isNumber(tokens[at + 1])) return false;
  const before = tokens[at - 1];
  return (
    before?.fold === 'po' ||
    before?.fold === 'office' ||
    before?.fold === 'o' ||
    isAbout(tokens, at) ||
    isNumber(before) ||
    ((roles[at - 1] ?? 0) & MILITARY) !== 0
  );
}

/** "5th avenue" */
function isOrdinalStreet({ tokens, roles }: Reading, end: number, name: number): boolean {
  const role = roles[name] ?? 0;
  return (
    tokens[end - 1]?.kind === 'word' &&
    tokens[end - 1]?.lead === '' &&
    (role & STREET_ENDING) !== 0 &&
    (role & LOOSE_STREET) === 0
  );
}

/** "Via Garibaldi 12", where the first word alone would say nothing. */
function looseBeginning(reading: Reading, at: number): Stretch | undefined {
  const end = numberEnd(reading, at + 2);
  const isCounted = ((reading.roles[end] ?? 0) & MEASURE) !== 0;
  return end > at + 2 && !isCounted ? { start: at, end, rule: 'address.street' } : undefined;
}

/** A number follows within a few words that may be a street's name. */
function isNumberSoon(reading: Reading, at: number): boolean {
  const { tokens, roles } = reading;
  for (let place = at + 1; place < at + 5; place += 1) {
    if (isNumber(tokens[place])) return ((roles[numberEnd(reading, place)] ?? 0) & MEASURE) === 0;
    if (isHousePart(reading, place)) return true;
    if (tokens[place]?.kind !== 'word' || ((roles[place] ?? 0) & (CLOSED | TALK)) !== 0) return false;
  }
  return false;
}

/** Whether the words after a number at the end of the window may yet turn out to be a street. */
function mayBecomeStreet(reading: Reading, start: number, end: number): boolean {
  const { tokens, roles } = reading;
  const words = tokens.length - end;
  if (words === 0) return true;
  if (words > (isAbout(tokens, start) ? HELD_WORDS_CUED : HELD_WORDS)) return false;
  for (let at = end; at < tokens.length; at += 1) {
    const role = roles[at] ?? 0;
    if (tokens[at]?.kind === 'mark') continue;
    if ((role & (MEASURE | TALK)) !== 0 || ((role & CLOSED) !== 0 && (role & FIRST) === 0)) return false;
  }
  return true;
}

/** An address is being talked about, or has been asked for. */
function isAbout(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token?.cue === 'address' || token?.asked === 'address';
}

function findingOf({ tokens }: Reading, { start, end, rule }: Stretch): Finding {
  let value = '';
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (token && token.kind !== 'mark') value += `${value === '' ? '' : ' '}${token.fold}`;
  }
  return { start, end, type: 'ADDRESS', confidence: 0.7, rule, value };
}
