/**
 * Postcodes: British ones by their shape, Canadian ones too, ZIP codes and the bare numbers of other countries by the
 * word or the place before them. What was asked for is the matter of `answers.ts`.
 */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { isPlainTalk } from './plain-talk.ts';
import { UK_AREAS, US_STATES } from './postcode-areas.ts';
import { codeAfterPlace } from './place-codes.ts';
import { spellOut } from './spell-out.ts';

/** How far before the held words a code may begin, in tokens. */
const REACH = 12;
/** Signs of a code said aloud, with the fillers between. */
const MAX_RUN = 14;

export const detectPostcodes: Detector = (window) => {
  const { tokens, left, isEnd } = window;
  const length = tokens.length;
  if (isPlainTalk(window)) return nothingFound(length);
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(0, left - REACH); at < length; at += 1) {
    const token = tokens[at];
    if (!token || token.kind === 'mark' || (token.symbol === undefined && token.fold.length > 2)) continue;
    const written = writtenEnd(tokens, at);
    const isSaid = written === at && isSignAt(tokens, at) && !isSignAt(tokens, at - 1);
    const end = written > at ? written : isSaid ? saidEnd(tokens, at, isEnd) : at;
    if (isSaid && !isEnd && at >= left && end === at && runEnd(tokens, at) >= length) holdFrom = Math.min(holdFrom, at);
    const code = end > at ? { start: at, end } : codeAfterPlace(tokens, at, isEnd);
    if (!code || code.end <= left) continue;
    const isCued = token.cue === 'postcode' || token.cue === 'address';
    (findings ??= []).push({
      start: code.start,
      end: code.end,
      type: 'POSTCODE',
      confidence: isCued ? 0.85 : 0.6,
      rule: written > at ? 'postcode.written' : end > at ? 'postcode.said' : 'postcode.place',
      value: spellOut(tokens, code.start, code.end),
    });
    at = code.end - 1;
  }
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: Math.max(left, holdFrom) };
};

/** "SW1A 1AA", "b90 2qn", "B0J 2H0", "TX 75201-1234"; the place itself when none begins there. */
function writtenEnd(tokens: readonly Token[], at: number): number {
  const area = tokens[at];
  if (area?.kind !== 'word' || area.fold.length > 2) return at;
  const district = tokens[at + 1];
  if (district?.kind !== 'digits') return at;
  if (district.lead === '' && district.fold.length <= 2) {
    const letter = isGluedWord(tokens[at + 2], 1) ? at + 3 : at + 2;
    const sector = tokens[letter];
    const unit = tokens[letter + 1];
    if (sector?.kind === 'digits' && sector.fold.length === 1 && isGluedWord(unit, 2) && UK_AREAS.has(area.fold))
      return letter + 2;
    // Canadian: letter digit letter, digit letter digit.
    const last = tokens[letter + 2];
    const isCanadian = area.fold.length === 1 && letter === at + 3 && sector?.fold.length === 1 && isGluedWord(unit, 1);
    if (isCanadian && last?.kind === 'digits' && last.fold.length === 1 && last.lead === '') return letter + 3;
    if (area.cue === 'postcode' && UK_AREAS.has(area.fold)) return letter;
  }
  return at;
}

function isGluedWord(token: Token | undefined, letters: number): boolean {
  return token?.kind === 'word' && token.lead === '' && token.fold.length === letters;
}

/** Letters and digits said one after another, in a mixture that is no word and no number. */
function saidEnd(tokens: readonly Token[], at: number, isEnd: boolean): number {
  const end = runEnd(tokens, at);
  if (end >= tokens.length && !isEnd) return at;
  let letters = 0;
  let digits = 0;
  let changes = 0;
  let wasDigit: boolean | undefined;
  for (let place = at; place < end; place += 1) {
    const symbol = tokens[place]?.symbol;
    const isDigit = isDigitKind(symbol?.kind);
    const isLetter = symbol?.kind === 'letter';
    if (!isDigit && !isLetter) continue;
    if (isDigit) digits += symbol?.kind === 'digits' ? symbol.digits.length : 1;
    else letters += 1;
    if (wasDigit !== undefined && wasDigit !== isDigit) changes += 1;
    wasDigit = isDigit;
  }
  const isCued = tokens[at]?.cue === 'postcode';
  const isZip = letters === 0 && digits >= 3 && digits <= 9;
  if (isCued) return letters + digits >= 3 && (isZip || letters > 0) ? end : at;
  const isState = isZip && digits >= 5 && US_STATES.has(tokens[at - 1]?.fold ?? '') && tokens[at - 1]?.lead === ' ';
  const isMixed = letters >= 2 && digits >= 1 && changes >= 2 && letters + digits >= 4 && letters + digits <= 9;
  return isState || isMixed ? end : at;
}

function runEnd(tokens: readonly Token[], at: number): number {
  let end = at;
  let last = at;
  while (end < at + MAX_RUN && end < tokens.length) {
    if (isSignAt(tokens, end)) last = end + 1;
    else if (!isBetween(tokens, end)) break;
    end += 1;
  }
  return end >= tokens.length ? end : last;
}

function isSignAt(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const symbol = token?.symbol;
  if (!token || !symbol) return false;
  if (symbol.kind !== 'letter') return isDigitKind(symbol.kind);
  const isLittle = token.fold === 'a' || token.fold === 'i';
  return !isLittle || isDigitKind(tokens[at + 1]?.symbol?.kind) || isDigitKind(tokens[at - 1]?.symbol?.kind);
}

/** What may stand inside a code: homophones, fillers, a dash, "a" and "i". */
function isBetween(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  switch (token?.symbol?.kind) {
    case 'homophone':
    case 'filler':
      return true;
    case 'glue':
      return token.fold === '-' || token.fold === 'dash' || token.fold === 'space' || token.fold === ',';
    default:
      return token?.fold === 'a' || token?.fold === 'i';
  }
}

function isDigitKind(kind: string | undefined): boolean {
  return kind === 'digits' || kind === 'unit' || kind === 'teen' || kind === 'ten' || kind === 'repeat';
}
