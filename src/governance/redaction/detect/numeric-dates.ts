/** Dates of nothing but numbers: "6/24/1991", "2004-07-21", "oh two eleven seventy", "one nine eight four oh four two seven". */

import type { Token } from '../speech/token.ts';
import type { DateSpan } from './calendar-dates.ts';
import { isNumeric } from './figures.ts';

const SEPARATORS = new Set(['/', '-', '.']);
/** Words before a row of digits that make a date of what could be one. */
const LEADS = new Set('since on when born dated date before after until from by in'.split(' '));
const MAX_SAID = 16;

export function numericDate(tokens: readonly Token[], at: number): DateSpan | undefined {
  return separated(tokens, at) ?? inARow(tokens, at);
}

/** Two or three groups with the same sign between. */
function separated(tokens: readonly Token[], at: number): DateSpan | undefined {
  const first = groupAt(tokens, at);
  if (first === undefined || isGluedTo(tokens, at)) return undefined;
  const sign = signAt(tokens, at + 1);
  const second = sign === undefined ? undefined : groupAt(tokens, at + 2);
  if (second === undefined) return undefined;
  const third = signAt(tokens, at + 3) === sign ? groupAt(tokens, at + 4) : undefined;
  if (third === undefined) return dayAndMonth(tokens, at, sign, first, second);
  const next = tokens[at + 5];
  const goesOn = signAt(tokens, at + 5) === sign && groupAt(tokens, at + 6) !== undefined;
  if (goesOn || (next?.kind === 'digits' && next.lead === '')) return undefined;
  if (!isDate(first, second, third)) return undefined;
  return { start: at, end: at + 5, rule: 'date.numeric', confidence: 0.85 };
}

/** "26/12 1952", "07-08 2012", and a bare "26/12" that is no fraction. */
function dayAndMonth(
  tokens: readonly Token[],
  at: number,
  sign: string | undefined,
  first: string,
  second: string,
): DateSpan | undefined {
  // "05/1982", "1982-05"
  const isMonthYear =
    (isYear(second) && isMonthNumber(first)) || (isYear(first) && isMonthNumber(second) && sign !== '.');
  if (isMonthYear) return { start: at, end: at + 3, rule: 'date.numeric', confidence: 0.6 };
  if (!isDayAndMonth(first, second)) return undefined;
  const year = tokens[at + 3];
  if (year?.kind === 'digits' && isYear(year.fold))
    return { start: at, end: at + 4, rule: 'date.numeric', confidence: 0.85 };
  const isLed = LEADS.has(tokens[at - 1]?.fold ?? '');
  const isBare = sign === '/' && first.length + second.length >= 3 && (isLed || first.length + second.length === 4);
  return isBare && !(first === '24' && second === '7')
    ? { start: at, end: at + 3, rule: 'date.day', confidence: 0.5 }
    : undefined;
}

function isGluedTo(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  return tokens[at]?.lead === '' && before !== undefined && (before.kind !== 'mark' || /[-./:$£€]/.test(before.fold));
}

function groupAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === 'digits' && token.fold.length <= 4 ? token.fold : undefined;
}

function signAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === 'mark' && SEPARATORS.has(token.fold) ? token.fold : undefined;
}

function isDate(first: string, second: string, third: string): boolean {
  if (first.length === 4) return isYear(first) && isDayAndMonth(second, third);
  return isDayAndMonth(first, second) && (isYear(third) || third.length === 2);
}

function isDayAndMonth(one: string, other: string): boolean {
  const first = Number(one);
  const second = Number(other);
  if (one.length > 2 || other.length > 2 || first < 1 || second < 1) return false;
  return (first <= 12 && second <= 31) || (second <= 12 && first <= 31);
}

function isMonthNumber(text: string): boolean {
  return text.length <= 2 && Number(text) >= 1 && Number(text) <= 12;
}

function isYear(text: string): boolean {
  return text.length === 4 && /^(?:1[6-9]|20)/.test(text);
}

/** Digits in a row that read as a date, or as a date and a time, where words before lead to one. */
function inARow(tokens: readonly Token[], at: number): DateSpan | undefined {
  if (isNumeric(tokens[at - 1])) return undefined;
  let said = '';
  let end = at;
  while (said.length <= MAX_SAID && isNumeric(tokens[end])) {
    const symbol = tokens[end]?.symbol;
    if (symbol?.kind === 'repeat') {
      const next = tokens[end + 1]?.symbol;
      if (next?.kind !== 'unit') break;
      said += next.digit.repeat(symbol.times);
      end += 2;
      continue;
    }
    said += digitsOf(tokens, end);
    end += 1;
  }
  if (said.length < 5 || said.length > 14) return undefined;
  const isLed = LEADS.has(tokens[at - 1]?.fold ?? '') || tokens[at]?.cue === 'dob';
  if (!(said.length >= 12 ? isStamp(said) : isLed && isRowDate(said))) return undefined;
  return { start: at, end, rule: 'date.digits', confidence: 0.6 };
}

function digitsOf(tokens: readonly Token[], at: number): string {
  const symbol = tokens[at]?.symbol;
  switch (symbol?.kind) {
    case 'digits':
    case 'teen':
    case 'ordinal':
      return symbol.digits;
    case 'unit':
      return symbol.digit;
    case 'ten':
      return tokens[at + 1]?.symbol?.kind === 'unit' ? symbol.digits.charAt(0) : symbol.digits;
    default:
      return '';
  }
}

/** YYYYMMDDhhmm, with or without seconds. */
function isStamp(said: string): boolean {
  const isClock = Number(said.slice(8, 10)) < 24 && Number(said.slice(10, 12)) < 60;
  return isYear(said.slice(0, 4)) && isDayAndMonth(said.slice(4, 6), said.slice(6, 8)) && isClock;
}

/** A day and a month of one or two digits each and a year of four, at either end; or six digits in all. */
function isRowDate(said: string): boolean {
  if (said.length > 8) return false;
  if (isYear(said.slice(-4)) && isSplitDay(said.slice(0, -4))) return true;
  if (isYear(said.slice(0, 4)) && isSplitDay(said.slice(4))) return true;
  return said.length === 6 && isDayAndMonth(said.slice(0, 2), said.slice(2, 4));
}

function isSplitDay(said: string): boolean {
  if (said.length < 2) return false;
  for (let cut = 1; cut < said.length; cut += 1) if (isDayAndMonth(said.slice(0, cut), said.slice(cut))) return true;
  return said.length === 4 && isDayAndMonth(said.slice(0, 2), said.slice(2));
}
