/** Dates that name their month, or say day and month by ordinals: "the fifth of may nineteen eighty two", "May 5, 1982". */

import type { Token } from '../speech/token.ts';
import { dayEnd, isDoubtfulMonth, isNumeric, isSuffix, looseYearEnd, yearEnd } from './figures.ts';

export interface DateSpan {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  readonly confidence: number;
}

/** The date around the month that stands at a place, if there is a day or a year beside it. */
export function calendarDate(tokens: readonly Token[], month: number): DateSpan | undefined {
  const token = tokens[month];
  if (!token) return undefined;
  const isDoubtful = isDoubtfulMonth(token);
  const start = dayBefore(tokens, month, isDoubtful);
  const end = dayAndYearAfter(tokens, month, isDoubtful && start === month);
  if (start === month && end === month + 1) return undefined;
  return { start, end, rule: 'date.calendar', confidence: 0.85 };
}

/** "The fifth of the third nineteen fifteen", "28th of the 1st 2006", "2nd 8th 1964". */
export function ordinalDate(tokens: readonly Token[], at: number): DateSpan | undefined {
  const day = dayEnd(tokens, at);
  if (day === at || isNumeric(tokens[at - 1])) return undefined;
  const isOf = tokens[day]?.fold === 'of';
  const from = isOf && tokens[day + 1]?.fold === 'the' ? day + 2 : isOf ? day + 1 : day;
  const month = dayEnd(tokens, from);
  const isOrdinal = isOrdinalEnd(tokens, day) || isOrdinalEnd(tokens, month);
  if (month === from || !isOrdinal) return undefined;
  const year = looseYearEnd(tokens, month);
  if (year === month && !(from === day + 2 && isOrdinalEnd(tokens, month))) return undefined;
  return { start: at, end: year, rule: 'date.ordinals', confidence: 0.7 };
}

/** Where the day before a month begins; the month's own place when there is none. */
function dayBefore(tokens: readonly Token[], month: number, isDoubtful: boolean): number {
  let at = month - 1;
  let isOf = false;
  for (let skipped = 0; skipped < 3 && at >= 0 && isBetween(tokens[at]); skipped += 1) {
    isOf ||= tokens[at]?.fold === 'of' || tokens[at]?.kind === 'mark';
    at -= 1;
  }
  if (isSuffix(tokens[at])) at -= 1;
  const last = tokens[at];
  if (!last || !isNumeric(last)) return month;
  if (last.symbol?.kind === 'digits' && last.symbol.digits.length > 4) return month;
  // "The two may", "the first may": only a day where an "of" or a figure says so.
  const isVerb = isDoubtful && !isOf && !followsAsDate(tokens, month + 1) && last.symbol?.kind !== 'digits';
  if (isVerb) return month;
  const before = tokens[at - 1]?.symbol;
  const isTwo =
    (last.symbol?.kind === 'ordinal' || last.symbol?.kind === 'unit') &&
    (before?.kind === 'ten' || (before?.kind === 'unit' && Number(before.digit) <= 3) || before?.kind === 'repeat');
  return isTwo ? at - 1 : at;
}

/** Whether what follows a doubtful month shows that it was one: a year, a pause, the end. */
function followsAsDate(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token === undefined || token.kind === 'mark' || yearEnd(tokens, at) > at;
}

/** End of the day and the year after a month, or of the month when neither follows. */
function dayAndYearAfter(tokens: readonly Token[], month: number, needsCertainty: boolean): number {
  const first = skipBetween(tokens, month + 1);
  const year = yearEnd(tokens, first);
  if (year > first) return year;
  const day = dayEnd(tokens, first);
  if (day === first) {
    const short = month > 0 ? looseYearEnd(tokens, first) : first;
    return needsCertainty || short === first ? month + 1 : short;
  }
  const from = skipBetween(tokens, day);
  const late = looseYearEnd(tokens, from);
  const isSaid = tokens[first]?.symbol?.kind === 'unit' && late === from;
  // "March two", "may one": an everyday word and a count, unless a year follows.
  if (needsCertainty && isSaid) return month + 1;
  return late > from ? late : day;
}

function skipBetween(tokens: readonly Token[], from: number): number {
  let at = from;
  while (at < from + 3 && isBetween(tokens[at])) at += 1;
  return at;
}

function isBetween(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === 'mark') return /[-/.,]/.test(token.fold);
  return token.fold === 'of' || token.fold === 'the' || token.fold === 'in' || token.symbol?.kind === 'filler';
}

function isOrdinalEnd(tokens: readonly Token[], end: number): boolean {
  const last = tokens[end - 1];
  return last !== undefined && (isSuffix(last) || last.symbol?.kind === 'ordinal');
}
