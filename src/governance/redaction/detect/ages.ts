/** How old somebody is: "forty two years old", "a 63-year-old", "aged six one", "I'm fifty", "I'll turn 40". */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { isNumeric, smallEnd } from './figures.ts';
import { nothingFound } from './nothing-found.ts';
import { isPlainTalk } from './plain-talk.ts';

const SPANS = new Set(['year', 'years', 'yr', 'yrs', 'month', 'months', 'week', 'weeks']);
const TURNS = new Set(['turn', 'turned', 'turning', 'turns']);
/** "I'm forty two", "she is 9": an age only where nothing follows that is counted. */
const PERSONS = new Set(["i'm", 'im', "he's", "she's", 'i’m', 'he’s', 'she’s']);
const BE = new Set(['am', 'is', 'was', 'be']);
const WHO = new Set([
  'i',
  'he',
  'she',
  'son',
  'daughter',
  'wife',
  'husband',
  'mother',
  'father',
  'mum',
  'mom',
  'dad',
  'brother',
  'sister',
  'baby',
]);
const ENDINGS = new Set([
  'and',
  'so',
  'but',
  'now',
  'next',
  'this',
  'last',
  'in',
  'today',
  'years',
  'yes',
  'okay',
  'already',
  'if',
  'or',
  'with',
]);
const REACH = 6;

export const detectAges: Detector = (window) => {
  const { tokens, left, isEnd } = window;
  const length = tokens.length;
  if (isPlainTalk(window)) return nothingFound(length);
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(0, left - REACH); at < length; at += 1) {
    if (!isNumeric(tokens[at]) || isNumeric(tokens[at - 1])) continue;
    const end = ageEnd(tokens, at);
    if (end === at) continue;
    if (end >= length - 2 && !isEnd && at >= left) holdFrom = Math.min(holdFrom, at);
    if (end <= left) continue;
    const isAsked = tokens[at]?.asked === 'age';
    const rule = isAsked ? 'age.asked' : ruleOf(tokens, at, end, isEnd);
    if (rule) (findings ??= []).push({ start: at, end, type: 'AGE', confidence: isAsked ? 0.95 : 0.85, rule });
    at = end - 1;
  }
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: Math.max(left, holdFrom) };
};

/** A number up to 130; hundreds are said "a hundred and three". */
function ageEnd(tokens: readonly Token[], at: number): number {
  const token = tokens[at];
  if (token?.symbol?.kind === 'ordinal') return at;
  if (token?.symbol?.kind === 'digits' && /^1[0-3][0-9]$/.test(token.fold)) return at + 1;
  if (token?.symbol?.kind === 'unit' && token.symbol.digit === '1' && tokens[at + 1]?.symbol?.kind === 'scale') {
    const from = tokens[at + 2]?.symbol?.kind === 'and' ? at + 3 : at + 2;
    return Math.max(at + 2, smallEnd(tokens, from));
  }
  const end = smallEnd(tokens, at);
  return isNumeric(tokens[end]) || tokens[end]?.symbol?.kind === 'scale' ? at : end;
}

function ruleOf(tokens: readonly Token[], start: number, end: number, isEnd: boolean): string | undefined {
  if (isOld(tokens, end)) return 'age.old';
  const before = tokens[start - 1];
  if (!before || isMoney(tokens, start, end)) return undefined;
  const fold = before.fold;
  if (fold === 'aged') return 'age.aged';
  // "At the age of 61", "my age is 61", "age: 61".
  if ((fold === 'of' || fold === 'is' || fold === ':' || fold === 'age') && isAgeWord(tokens, start)) return 'age.age';
  if (!endsHere(tokens, end, isEnd)) return undefined;
  if (TURNS.has(fold)) return 'age.turned';
  if ((fold === 'just' || fold === 'nearly' || fold === 'only' || fold === 'now') && isPerson(tokens, start - 2))
    return 'age.person';
  return isPerson(tokens, start - 1) ? 'age.person' : undefined;
}

/** "[42] years old", "[42]-year-old", "[8] months old", "[42] years of age", "[42] y o". */
function isOld(tokens: readonly Token[], end: number): boolean {
  let at = skipDash(tokens, end);
  const span = tokens[at]?.fold ?? '';
  if (span === 'yo') return true;
  if (span === 'y')
    return tokens[at + 1]?.fold === 'o' || (tokens[at + 1]?.fold === '/' && tokens[at + 2]?.fold === 'o');
  if (!SPANS.has(span)) return false;
  at = skipDash(tokens, at + 1);
  return (
    tokens[at]?.fold === 'old' ||
    tokens[at]?.fold === 'olds' ||
    (tokens[at]?.fold === 'of' && tokens[at + 1]?.fold === 'age')
  );
}

function skipDash(tokens: readonly Token[], at: number): number {
  const fold = tokens[at]?.fold;
  return fold === '-' || fold === '–' || fold === 'dash' || fold === 'hyphen' ? at + 1 : at;
}

function isAgeWord(tokens: readonly Token[], start: number): boolean {
  return tokens[start - 1]?.fold === 'age' || tokens[start - 2]?.fold === 'age' || tokens[start - 2]?.fold === 'ages';
}

function isPerson(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  return PERSONS.has(token.fold) || (BE.has(token.fold) && WHO.has(tokens[at - 1]?.fold ?? ''));
}

function isMoney(tokens: readonly Token[], start: number, end: number): boolean {
  return /^[$£€#]$/.test(tokens[start - 1]?.fold ?? '') || tokens[end]?.fold === '%';
}

function endsHere(tokens: readonly Token[], end: number, isEnd: boolean): boolean {
  const next = tokens[end];
  if (!next) return isEnd;
  if (next.kind !== 'mark') return ENDINGS.has(next.fold);
  return /[.,;!?)"]/.test(next.fold) && tokens[end + 1]?.kind !== 'digits';
}
