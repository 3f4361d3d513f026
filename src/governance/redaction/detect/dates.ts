/**
 * Dates and what belongs to them: days, months, years, weekdays, and the time of day that follows a date. A time of day
 * said by itself is nobody's secret and is left alone.
 */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { isDoubtfulMonth, isMonth, isNumeric, isSuffix, yearEnd } from './figures.ts';
import { calendarDate, ordinalDate, type DateSpan } from './calendar-dates.ts';
import { numericDate } from './numeric-dates.ts';
import { isPlainTalk } from './plain-talk.ts';
import { timeEnd } from './times.ts';

const WEEKDAYS = new Set('monday tuesday wednesday thursday friday saturday sunday'.split(' '));
const HABITS = new Set(['every', 'each', 'most', 'any', 'a', 'or']);
/** Words before a bare year or a bare month that make it a date. */
const LEADS = new Set(
  (
    'in since during from until till before after by year of to circa around and between late early mid last next this ' +
    'on born class dated date'
  ).split(' '),
);
/** What a number is a count or a price of, so that it is no year. */
const COUNTED = new Set(
  (
    'dollars dollar pounds pound euros euro cents percent people words hours minutes miles units points steps times ' +
    'pieces items calories grams pages bucks quid kilometers kilometres meters metres feet'
  ).split(' '),
);
const QUARTERS = new Set(['q1', 'q2', 'q3', 'q4']);
/** How far before the held words the beginning of a date is looked for, in tokens. */
const REACH = 10;

export const detectDates: Detector = (window) => {
  const { tokens, left } = window;
  if (isPlainTalk(window) && !namesADay(tokens, left)) return nothingFound(tokens.length);
  let findings: Finding[] | undefined;
  for (let at = Math.max(0, left - REACH); at < tokens.length;) {
    const isPast = at < left && tokens[at]?.symbol === undefined;
    const span = isPast ? undefined : dateAt(tokens, at);
    if (!span) {
      at += 1;
      continue;
    }
    const end = timeEnd(tokens, span.end);
    if (end > left) (findings ??= []).push(findingOf(tokens, { ...span, end }));
    at = Math.max(at + 1, end);
  }
  const holdFrom = window.isEnd ? tokens.length : openFrom(window);
  if (!findings && holdFrom === tokens.length) return nothingFound(tokens.length);
  return { findings: findings ?? [], holdFrom };
};

function namesADay(tokens: readonly Token[], left: number): boolean {
  for (let at = left; at < tokens.length; at += 1) {
    const fold = tokens[at]?.fold ?? '';
    if (WEEKDAYS.has(fold) || QUARTERS.has(fold)) return true;
  }
  return false;
}

function findingOf(tokens: readonly Token[], { start, end, rule, confidence }: DateSpan): Finding {
  const token = tokens[end - 1];
  const isBirth = token?.asked === 'dob' || token?.cue === 'dob';
  return isBirth
    ? { start, end, type: 'DOB', confidence: Math.max(confidence, 0.9), rule: 'date.birth' }
    : { start, end, type: 'DATE', confidence, rule };
}

/** The date that begins at a token, or at the month that stands there. */
function dateAt(tokens: readonly Token[], at: number): DateSpan | undefined {
  const token = tokens[at];
  if (!token) return undefined;
  const symbol = token.symbol;
  if (symbol === undefined) return wordDate(tokens, at, token);
  switch (symbol.kind) {
    case 'month':
      return calendarDate(tokens, at) ?? loneMonth(tokens, at, token);
    case 'ordinal':
      return ordinalDate(tokens, at) ?? quarter(tokens, at);
    case 'digits':
      return numericDate(tokens, at) ?? ordinalDate(tokens, at) ?? loneYear(tokens, at);
    case 'unit':
    case 'teen':
    case 'ten':
    case 'repeat':
      return isNumeric(tokens[at - 1])
        ? undefined
        : (ordinalDate(tokens, at) ?? loneYear(tokens, at) ?? numericDate(tokens, at));
    // "Q2", "q two".
    case 'letter':
      return token.fold === 'q' ? quarter(tokens, at) : undefined;
    default:
      return undefined;
  }
}

function wordDate(tokens: readonly Token[], at: number, token: Token): DateSpan | undefined {
  if (token.kind !== 'word') return undefined;
  if (WEEKDAYS.has(token.fold))
    return HABITS.has(tokens[at - 1]?.fold ?? '')
      ? undefined
      : { start: at, end: at + 1, rule: 'date.weekday', confidence: 0.5 };
  if (QUARTERS.has(token.fold)) return quarter(tokens, at);
  return isMonth(token) ? calendarDate(tokens, at) : undefined;
}

/** A month by itself says little, and is hidden where it says when something was: "since October". */
function loneMonth(tokens: readonly Token[], at: number, token: Token): DateSpan | undefined {
  const before = tokens[at - 1];
  const isLed = before !== undefined && LEADS.has(before.fold);
  if (isDoubtfulMonth(token) ? token.asked !== 'dob' : !isLed && token.cue !== 'dob') return undefined;
  return { start: at, end: at + 1, rule: 'date.month', confidence: 0.5 };
}

/** A year by itself: written or said digit by digit, only where the words before lead to one. */
function loneYear(tokens: readonly Token[], at: number): DateSpan | undefined {
  const end = yearEnd(tokens, at);
  if (end === at || isNumeric(tokens[end]) || isScale(tokens[end])) return undefined;
  const after = tokens[end]?.fold;
  if (after !== undefined && COUNTED.has(after)) return undefined;
  const kind = tokens[at]?.symbol?.kind;
  const isPlain = kind === 'digits' || kind === 'unit' || kind === 'repeat' || end - at < 2;
  const before = tokens[at - 1];
  const isLed = before !== undefined && LEADS.has(before.fold);
  // A year glued to other signs is part of something else: a version, a price, a number.
  if (kind === 'digits' && (isGluedNumber(tokens, at) || isGluedNumber(tokens, end))) return undefined;
  if (isPlain && !isLed && before?.cue !== 'dob') return undefined;
  return { start: at, end, rule: 'date.year', confidence: isLed ? 0.6 : 0.5 };
}

function isGluedNumber(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.lead !== '' || at === 0) return false;
  const before = tokens[at - 1];
  return token.kind === 'digits' ? before?.kind === 'mark' && /[$£€.,#@-]/.test(before.fold) : isJoin(tokens, at);
}

function isJoin(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1];
  return tokens[at]?.kind === 'word' || (next?.lead === '' && next.kind === 'digits');
}

function isScale(token: Token | undefined): boolean {
  return token?.symbol?.kind === 'scale';
}

/** "Q2 2023", "second quarter of twenty twenty two". */
function quarter(tokens: readonly Token[], at: number): DateSpan | undefined {
  const token = tokens[at];
  let end = at + 1;
  if (token?.fold === 'q') {
    const next = tokens[at + 1]?.symbol;
    const count = next?.kind === 'digits' ? next.digits : next?.kind === 'unit' ? next.digit : '';
    if (!/^[1-4]$/.test(count) || isNumeric(tokens[at + 2])) {
      const year = yearEnd(tokens, at + 2);
      if (!/^[1-4]$/.test(count) || year === at + 2) return undefined;
    }
    end = at + 2;
  } else if (token?.symbol?.kind === 'ordinal') {
    if (tokens[at + 1]?.fold !== 'quarter') return undefined;
    end = at + 2;
  }
  const from = tokens[end]?.fold === 'of' ? end + 1 : end;
  const year = yearEnd(tokens, from);
  const isSpoken = token?.symbol?.kind === 'ordinal';
  if (year === from) return isSpoken ? undefined : { start: at, end, rule: 'date.quarter', confidence: 0.5 };
  return { start: at, end: year, rule: 'date.quarter', confidence: 0.6 };
}

/** A day that may be followed by its month: "the fifth", "five of the". */
function openFrom({ tokens, left }: Window): number {
  let at = tokens.length - 1;
  let skipped = 0;
  while (at >= left && skipped < 3 && isBetween(tokens[at])) {
    at -= 1;
    skipped += 1;
  }
  let start = tokens.length;
  while (at >= left && (isNumeric(tokens[at]) || isSuffix(tokens[at]) || isSeparator(tokens[at]))) {
    start = at;
    at -= 1;
  }
  return start;
}

function isBetween(token: Token | undefined): boolean {
  return (
    token?.fold === 'of' || token?.fold === 'the' || token?.symbol?.kind === 'filler' || token?.symbol?.kind === 'and'
  );
}

function isSeparator(token: Token | undefined): boolean {
  return token?.kind === 'mark' && token.lead === '' && /[/.:-]/.test(token.fold);
}
