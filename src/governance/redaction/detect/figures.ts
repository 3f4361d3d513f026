/**
 * Where days, months, years and small numbers end, however they are said. Answers places and no values, and makes
 * nothing, as it is asked at nearly every number of a call.
 */

import type { Token } from '../speech/token.ts';

const SUFFIXES = new Set(['st', 'nd', 'rd', 'th']);
const SHORT_MONTHS = new Set('jan feb mar apr jun jul aug sep sept oct nov dec'.split(' '));
/** Months that are other words too. */
const DOUBTFUL_MONTHS = new Set([...SHORT_MONTHS, 'may', 'march', 'august']);

export function isNumeric(token: Token | undefined): boolean {
  switch (token?.symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'ordinal':
    case 'repeat':
      return true;
    default:
      return false;
  }
}

export function isMonth(token: Token | undefined): boolean {
  return token !== undefined && (token.symbol?.kind === 'month' || SHORT_MONTHS.has(token.fold));
}

/** "may", "march", "dec": a month only beside a day or a year. */
export function isDoubtfulMonth(token: Token): boolean {
  return DOUBTFUL_MONTHS.has(token.fold);
}

/** "th" of "5th". */
export function isSuffix(token: Token | undefined): boolean {
  return token !== undefined && SUFFIXES.has(token.fold);
}

/** End of the day of a month that begins at `at`; `at` when none does. */
export function dayEnd(tokens: readonly Token[], at: number): number {
  const symbol = tokens[at]?.symbol;
  switch (symbol?.kind) {
    case 'digits': {
      const day = Number(symbol.digits);
      if (symbol.digits.length > 2 || day > 31) return at;
      return isSuffix(tokens[at + 1]) ? at + 2 : at + 1;
    }
    case 'ordinal':
      return Number(symbol.digits) <= 31 ? at + 1 : at;
    case 'teen':
      return at + 1;
    case 'ten': {
      if (symbol.digits !== '20' && symbol.digits !== '30') return at;
      const next = tokens[at + 1]?.symbol;
      const isPart =
        (next?.kind === 'unit' && next.digit !== '0') || (next?.kind === 'ordinal' && next.digits.length === 1);
      return isPart ? at + 2 : at + 1;
    }
    case 'unit':
      return symbol.digit === '0' && tokens[at + 1]?.symbol?.kind === 'unit' ? at + 2 : at + 1;
    default:
      return at;
  }
}

/** End of a number below a hundred, said or written; `at` when none begins there. */
export function smallEnd(tokens: readonly Token[], at: number): number {
  const symbol = tokens[at]?.symbol;
  switch (symbol?.kind) {
    case 'digits':
      return symbol.digits.length <= 2 ? at + 1 : at;
    case 'teen':
      return at + 1;
    case 'ten': {
      const next = tokens[at + 1]?.symbol;
      return next?.kind === 'unit' && next.digit !== '0' ? at + 2 : at + 1;
    }
    // Digit by digit: "six one", "double six".
    case 'unit':
      return tokens[at + 1]?.symbol?.kind === 'unit' ? at + 2 : at + 1;
    case 'repeat':
      return symbol.times === 2 && tokens[at + 1]?.symbol?.kind === 'unit' ? at + 2 : at;
    default:
      return at;
  }
}

/** End of a year that can hardly be anything else, such as "nineteen seventy three" or "2004"; `at` when none begins there. */
export function yearEnd(tokens: readonly Token[], at: number): number {
  const symbol = tokens[at]?.symbol;
  switch (symbol?.kind) {
    case 'digits':
      return symbol.digits.length === 4 && /^(?:1[6-9]|20)/.test(symbol.digits) ? at + 1 : at;
    case 'teen':
      return Number(symbol.digits) >= 15 ? afterCentury(tokens, at) : at;
    case 'ten':
      return symbol.digits === '20' ? afterCentury(tokens, at) : at;
    case 'unit':
    case 'repeat':
      return spelledYearEnd(tokens, at) || thousandEnd(tokens, at);
    default:
      return at;
  }
}

/** What stands for a year after a day or a month: any of the above, "82", "'82", "eighty two", "19 82". */
export function looseYearEnd(tokens: readonly Token[], at: number): number {
  const strict = yearEnd(tokens, at);
  if (strict > at) return strict;
  const token = tokens[at];
  const symbol = token?.symbol;
  const next = tokens[at + 1]?.symbol;
  if (token?.kind === 'mark' && /^['’]$/.test(token.fold))
    return next?.kind === 'digits' && next.digits.length === 2 ? at + 2 : at;
  switch (symbol?.kind) {
    case 'digits':
      // Recognisers write "19 82", "2000 and 7" and, mishearing, "20019".
      if (symbol.digits.length > 5) return at;
      if (next?.kind === 'and' && tokens[at + 2]?.symbol?.kind === 'digits') return at + 3;
      return next?.kind === 'digits' && symbol.digits.length === 2 && next.digits.length <= 2 ? at + 2 : at + 1;
    case 'teen':
    case 'ten':
    case 'unit':
    case 'repeat':
      return smallEnd(tokens, at);
    default:
      return at;
  }
}

/** "[nineteen] seventy three", "[twenty] twelve", "[nineteen] oh five", "[nineteen] hundred". */
function afterCentury(tokens: readonly Token[], at: number): number {
  const next = tokens[at + 1]?.symbol;
  switch (next?.kind) {
    case 'teen':
      return at + 2;
    case 'ten': {
      const unit = tokens[at + 2]?.symbol;
      return unit?.kind === 'unit' && unit.digit !== '0' ? at + 3 : at + 2;
    }
    case 'unit':
      return next.digit === '0' && tokens[at + 2]?.symbol?.kind === 'unit' ? at + 3 : at;
    case 'digits':
      return next.digits.length === 2 ? at + 2 : at;
    case 'scale': {
      if (next.zeros !== 2) return at;
      const from = tokens[at + 2]?.symbol?.kind === 'and' ? at + 3 : at + 2;
      const small = smallEnd(tokens, from);
      return small > from ? small : at;
    }
    default:
      return at;
  }
}

/** "two thousand and five", "one thousand nine hundred eighty four". */
function thousandEnd(tokens: readonly Token[], at: number): number {
  const head = tokens[at]?.symbol;
  const scale = tokens[at + 1]?.symbol;
  if (head?.kind !== 'unit' || (head.digit !== '2' && head.digit !== '1')) return at;
  if (scale?.kind !== 'scale' || scale.zeros !== 3) return at;
  let from = at + 2;
  const hundred = tokens[from + 1]?.symbol;
  if (hundred?.kind === 'scale' && hundred.zeros === 2 && tokens[from]?.symbol?.kind === 'unit') from += 2;
  if (tokens[from]?.symbol?.kind === 'and') from += 1;
  const small = smallEnd(tokens, from);
  return small > from ? small : at;
}

/** "one nine eight two", "two double oh seven": just four digits, and no fifth. 0 when it is not one. */
function spelledYearEnd(tokens: readonly Token[], at: number): number {
  let year = 0;
  let digits = 0;
  let place = at;
  while (digits < 5) {
    const symbol = tokens[place]?.symbol;
    let times = 1;
    let unit = symbol;
    if (symbol?.kind === 'repeat') {
      times = symbol.times;
      place += 1;
      unit = tokens[place]?.symbol;
    }
    if (unit?.kind !== 'unit') break;
    for (let time = 0; time < times; time += 1) year = year * 10 + Number(unit.digit);
    digits += times;
    place += 1;
  }
  return digits === 4 && year >= 1880 && year < 2070 ? place : 0;
}
