/**
 * Words spelled aloud: single letters and letter words in a row, "b as in boy", and the odd pieces that recognisers make
 * of a spelling ("je a n s ON"). What is spelled is a name or a code, whatever the talk is about.
 */

import type { Token } from '../speech/token.ts';
import { partOf } from './answer-words.ts';
import type { Detector, Finding } from './detector.ts';
import { nothingFound } from './nothing-found.ts';

/** Letters that everybody says in a row and that spell nobody. */
const ACRONYMS = new Set(
  (
    'usa uk us eu uae usd gbp atm pin cvv cvc csc ssn nhs dob dvd tv hd pc it hr ceo cfo faq fyi asap eta ok vip ibm bbc cnn abc ' +
    'http https www html url usb ios sms gps dna hiv aids mri ct er icu va irs dmv dvla hmrc vat llc ltd inc iban bic ' +
    'ach aba apr isa ira mot suv vin imei sim pdf csv sql api aws bt tmobile rsvp diy pto am pm bc ad phd mba gcse ' +
    'nbc ups usps dhl rsa tsb hsbc rbs kfc bmw vw'
  ).split(' '),
);
const MIN_LETTERS = 3;
const MAX_RUN = 48;
/** Letters of a piece of a spelled word. */
const MAX_PIECE = 3;

export const detectSpelled: Detector = ({ tokens, left, isEnd }) => {
  const length = tokens.length;
  if (!hasShort(tokens, left)) return nothingFound(length);
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(0, left - MAX_RUN); at < length; at += 1) {
    if (!mayBegin(tokens, at)) continue;
    const run = readRun(tokens, at);
    const isOpen = run.end >= length && !isEnd;
    if (isOpen && at >= left) holdFrom = Math.min(holdFrom, at);
    if (run.end > left && isSpelling(tokens, at, run) && !isOpen)
      (findings ??= []).push({ start: at, end: run.end, type: 'SPELLED', confidence: 0.45, rule: 'spelled.letters' });
    at = run.end - 1;
  }
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: Math.max(left, holdFrom) };
};

/** Nothing longer than a piece of a word is spelled, but for the words that stand for letters. */
function hasShort(tokens: readonly Token[], left: number): boolean {
  for (let at = left; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token !== undefined && (token.symbol !== undefined || token.fold.length <= MAX_PIECE)) return true;
  }
  return false;
}

interface Run {
  readonly end: number;
  /** Letters said by themselves, "a" and "i" not counted. */
  readonly letters: number;
  readonly little: number;
  readonly pieces: number;
  /** "As in boy": no acronym is said like that. */
  readonly explained: number;
}

function readRun(tokens: readonly Token[], start: number): Run {
  let letters = 0;
  let little = 0;
  let pieces = 0;
  let explained = 0;
  let end = start;
  let at = start;
  while (at < start + MAX_RUN && at < tokens.length) {
    const token = tokens[at];
    if (!token) break;
    const asIn = explanationEnd(tokens, at);
    if (asIn > at) {
      explained += 1;
      letters += 1;
      at = asIn;
    } else if (isLetter(token)) {
      letters += 1;
      at += 1;
    } else if (isLittle(token)) {
      little += 1;
      at += 1;
    } else if (isPiece(token)) {
      pieces += 1;
      at += 1;
    } else if (isBetween(token) && at > start) {
      at += 1;
      continue;
    } else {
      break;
    }
    end = at;
  }
  // A run that the words end with goes on through what stands between, too.
  return { end: at >= tokens.length ? at : end, letters, little, pieces, explained };
}

/** End of "b as in boy", "t for tommy", "B like Bravo", which may not have ended yet; the place itself for anything else. */
function explanationEnd(tokens: readonly Token[], at: number): number {
  const token = tokens[at];
  if (token?.kind !== 'word' || token.symbol?.kind !== 'letter' || token.symbol.isWord) return at;
  const next = tokens[at + 1]?.fold;
  const word =
    next === 'as' && tokens[at + 2]?.fold === 'in' ? at + 3 : next === 'for' || next === 'like' ? at + 2 : at;
  if (word === at) return at;
  const example = tokens[word];
  // Any word that begins with the letter; "I like it" and "a for apple" differ in just that.
  return example?.kind === 'word' && example.fold.startsWith(token.symbol.letter) && example.fold.length > 1
    ? word + 1
    : at;
}

function isSpelling(tokens: readonly Token[], start: number, run: Run): boolean {
  const { letters, little, pieces, explained } = run;
  if (explained > 0) return true;
  if (letters === 0 || letters + little + pieces < MIN_LETTERS) return false;
  if (isAboutSpelling(tokens[start])) return true;
  return letters >= 2 && pieces <= letters && !isAcronym(tokens, start, run);
}

function isAboutSpelling(token: Token | undefined): boolean {
  switch (token?.asked ?? token?.cue) {
    case 'spelling':
    case 'name':
    case 'email':
    case 'password':
      return true;
    default:
      return false;
  }
}

function isAcronym(tokens: readonly Token[], start: number, { end, letters, little }: Run): boolean {
  if (letters + little > 5 || end - start > 10) return false;
  let text = '';
  for (let at = start; at < end; at += 1) {
    const symbol = tokens[at]?.symbol;
    if (symbol?.kind === 'letter') {
      if (symbol.isWord) return false;
      text += symbol.letter;
    }
  }
  return ACRONYMS.has(text);
}

function mayBegin(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.kind !== 'word' || (token.symbol === undefined && token.fold.length > MAX_PIECE)) return false;
  if (token.lead === '' && at > 0) return false;
  return isLetter(token) || ((isLittle(token) || isPiece(token)) && isLetterOrLittle(tokens[at + 1]));
}

function isLetter(token: Token): boolean {
  return token.symbol?.kind === 'letter' ? !isLittle(token) : token.fold === 'o';
}

function isLittle(token: Token): boolean {
  return token.fold === 'a' || token.fold === 'i';
}

function isLetterOrLittle(token: Token | undefined): boolean {
  return token !== undefined && (isLetter(token) || isLittle(token) || isPiece(token));
}

/** "je", "RI", "ins": no word, and too short to be anything else. */
function isPiece(token: Token): boolean {
  return (
    token.symbol === undefined &&
    token.kind === 'word' &&
    token.fold.length <= 3 &&
    token.fold.length > 1 &&
    partOf(token) === 'sign'
  );
}

function isBetween(token: Token): boolean {
  switch (token.symbol?.kind) {
    case 'homophone':
    case 'filler':
    case 'repeat':
      return true;
    case 'glue':
      return token.fold === '-' || token.fold === '.' || token.fold === 'space' || token.fold === ',';
    default:
      return false;
  }
}
