/**
 * Answers: what is said when the other leg has asked for a date of birth or a postcode, and short turns that are nothing
 * but digits, letters and months whoever asked. A recogniser mishears such answers more than anything else, so within
 * one every word goes that is not plainly a carrier.
 */

import { kindsOf } from '../lexicon/lexicon.ts';
import { MEASURE, TALK } from '../lexicon/word-kinds.ts';
import type { Token, Topic } from '../speech/token.ts';
import { isSoft, partOf, weightOf } from './answer-words.ts';
import type { Detector, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';

/** What is heard wrong so often that its answers have no shape; whatever else is announced is known by its own. */
const MISHEARD = new Set<Topic>(['dob', 'postcode', 'name', 'spelling', 'address', 'number', 'age']);
/** What numbers are for; the list of talk's words leaves it out, as it may be part of a name. */
const CALLING = new Set(['call', 'ring', 'dial', 'text']);
const SAID_IN_TALK = MEASURE | TALK;

/** A turn longer than this is talk, and what is in it is told from its own shape. */
const MAX_TURN = 24;
/** So many odd words may be misheard signs; more are talk. */
const MAX_OTHERS = 2;
/** A longer number is no date and no postcode, and has a detector of its own. */
const MAX_FIGURES = 8;
const FIGURES = new Set(['digits', 'unit', 'teen', 'ten']);
/** Less is a count, where anything stands beside it. */
const MIN_WEIGHT = 3;

/** Everything but carriers, while a date of birth or a postcode is waited for. */
export const detectAsked: Detector = ({ tokens, left }) => {
  let findings: Finding[] | undefined;
  for (let at = left; at < tokens.length; at += 1) {
    const token = tokens[at];
    const type = token && typeOf(token.asked);
    if (type === undefined || !isHidden(tokens, at)) continue;
    const start = at;
    while (at + 1 < tokens.length && isHidden(tokens, at + 1) && typeOf(tokens[at + 1]?.asked) === type) at += 1;
    (findings ??= []).push({ start, end: at + 1, type, confidence: 0.95, rule: 'asked.words' });
  }
  return findings ? { findings, holdFrom: tokens.length } : nothingFound(tokens.length);
};

/** Turns of digits, letters and months. */
export const detectAnswers: Detector = (window) => {
  const { tokens, left, isEnd } = window;
  const length = tokens.length;
  const turn = turnStart(tokens);
  if (turn === undefined) return nothingFound(length);
  let weight = 0;
  let figures = 0;
  let tens = 0;
  let others = 0;
  let first = length;
  let hasMonth = false;
  let isBare = true;
  for (let at = turn; at < length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    if (token.cue !== undefined && !MISHEARD.has(token.cue)) return nothingFound(length);
    const part = partOf(token);
    if (part === 'sign') {
      weight += weightOf(token);
      hasMonth ||= token.symbol?.kind === 'month' || token.symbol?.kind === 'ordinal';
      if (token.symbol?.kind === 'ten') tens += 1;
      if (isFigure(token)) figures += token.kind === 'digits' ? token.fold.length : weightOf(token);
      if (figures > MAX_FIGURES) return nothingFound(length);
    } else if (part === 'other') {
      others += 1;
      // Prices are said with what they are of, and who calls or thinks is talking.
      const isTalk = CALLING.has(token.fold) || (kindsOf(token.fold) & SAID_IN_TALK) !== 0;
      if (others > MAX_OTHERS || isTalk) {
        return nothingFound(length);
      }
    }
    isBare &&= part === 'sign' || part === 'mark';
    if (first === length && part !== 'carrier' && part !== 'mark') first = at;
  }
  if (isEnd) {
    const isCount = weight - tens < MIN_WEIGHT && !isBare && !hasMonth;
    if (weight === 0 || isCount || 2 * others > weight) return nothingFound(length);
    return { findings: signsOf(window, turn, hasMonth), holdFrom: length };
  }
  const mayBecome = weight > 0 && 2 * others <= weight + 2;
  return mayBecome && first < length ? { findings: [], holdFrom: Math.max(left, first) } : nothingFound(length);
};

function signsOf({ tokens, left }: Window, turn: number, hasMonth: boolean): Finding[] {
  const findings: Finding[] = [];
  const type = hasMonth ? 'DATE' : 'NUMBER';
  for (let at = Math.max(turn, left); at < tokens.length; at += 1) {
    if (!isHidden(tokens, at)) continue;
    const start = at;
    while (isHidden(tokens, at + 1)) at += 1;
    findings.push({ start, end: at + 1, type, confidence: 0.4, rule: 'answer.signs' });
  }
  return findings;
}

/** Where the turn of the newest word begins, if that is still seen and the turn is short. */
function turnStart(tokens: readonly Token[]): number | undefined {
  const last = tokens[tokens.length - 1];
  if (!last || last.inTurn >= MAX_TURN) return undefined;
  const start = tokens.length - 1 - last.inTurn;
  return start < 0 ? undefined : start;
}

/** A sound is hidden beside other parts of a value, where it is likelier a digit or a letter than a word. */
function isHidden(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  switch (partOf(token)) {
    case 'sign':
    case 'other':
      return true;
    case 'sound':
      return !isSoft(token) || isValueAt(tokens, at - 1) || isValueAt(tokens, at + 1);
    case 'mark':
      return token.lead === '' && isSignAt(tokens, at - 1) && isSignAt(tokens, at + 1);
    case 'carrier':
      return false;
  }
}

function isFigure({ symbol }: Token): boolean {
  return symbol !== undefined && FIGURES.has(symbol.kind);
}

function isSignAt(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token !== undefined && partOf(token) === 'sign';
}

function isValueAt(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const part = token && partOf(token);
  return part === 'sign' || part === 'other' || part === 'sound';
}

function typeOf(topic: Topic | undefined): 'DOB' | 'POSTCODE' | undefined {
  return topic === 'dob' ? 'DOB' : topic === 'postcode' ? 'POSTCODE' : undefined;
}
