/**
 * What each word of a window is by itself, looked up once per word and not once per call: four detectors ask for the same
 * words again with every word that comes. A memo of the last window only; it changes no answer.
 */

import { kindsOf } from '../lexicon/lexicon.ts';
import { CAPITAL, CLOSED, ORDINARY, TALK } from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';
import { MAX_WINDOW, type Window } from './detector.ts';

/** How far the beginning of a window moves between two calls, at most, for its words to be known again. */
const MAX_SHIFT = 8;
/** So far beyond the end detectors may look, and see nothing. */
const LOOK_AHEAD = 8;

let seen: Token[] = [];
let roles = new Int32Array(MAX_WINDOW + LOOK_AHEAD);

/** The flags of `word-kinds.ts` for every token of the window, by index. Valid until the next call. */
export function rolesOf(window: Window): Int32Array {
  const { tokens } = window;
  if (tokens.length + LOOK_AHEAD > roles.length) {
    roles = new Int32Array(2 * tokens.length + LOOK_AHEAD);
    seen = [];
  }
  const shift = shiftOf(tokens);
  if (shift > 0) {
    roles.copyWithin(0, shift, seen.length);
    seen.splice(0, shift);
  }
  let known = tokens.length;
  for (let at = tokens.length - 1; at >= 0; at -= 1) {
    const token = tokens[at];
    if (!token || seen[at] === token) continue;
    seen[at] = token;
    roles[at] = token.kind === 'word' ? kindsOf(token.fold) : 0;
    known = at;
  }
  markCapitals(window, Math.max(0, known - 1));
  seen.length = tokens.length;
  roles.fill(0, tokens.length, tokens.length + LOOK_AHEAD);
  return roles;
}

/** A word no dictionary knows: in talk, nearly always the name of somebody, of a place or of a firm. */
export function isUnknown(token: Token | undefined, role: number): boolean {
  return token?.kind === 'word' && (role & ORDINARY) === 0 && token.symbol === undefined && token.fold.length > 1;
}

/** Binds sentences or keeps the call going. */
export function isTalk(role: number): boolean {
  return (role & (CLOSED | TALK)) !== 0;
}

/** A word begun with a capital where no sentence begins: somebody wrote it as a name. */
export function isCapital(role: number): boolean {
  return (role & CAPITAL) !== 0;
}

export function hasCapital(token: Token | undefined): boolean {
  if (token?.kind !== 'word') return false;
  const first = token.text.charCodeAt(0);
  if (first < 0x80) return first <= 0x5a && !isShouted(token.text);
  return token.text.charAt(0) !== token.fold.charAt(0) && !isShouted(token.text);
}

/** All capitals say nothing: some write everything so. */
function isShouted(text: string): boolean {
  return text.length > 1 && text === text.toUpperCase();
}

/** The newest word is left to be judged with the next one: "Address:" has a capital because it heads a line. */
function markCapitals({ tokens, isEnd }: Window, from: number): void {
  const end = isEnd ? tokens.length : tokens.length - 1;
  for (let at = from; at < end; at += 1) {
    const token = tokens[at];
    if (!hasCapital(token) || !token || token.inTurn === 0 || at === 0) continue;
    if (tokens[at + 1]?.text === ':' || endsSentence(tokens, at - 1)) continue;
    roles[at] = (roles[at] ?? 0) | CAPITAL;
  }
}

function endsSentence(tokens: readonly Token[], at: number): boolean {
  const mark = tokens[at];
  if (mark?.kind !== 'mark') return false;
  // An initial and "Mr." have a point too.
  if (mark.text === '.') return (tokens[at - 1]?.fold.length ?? 0) > 3;
  return !(mark.text === ',' || mark.text === '-' || mark.text === '&' || mark.text === '/' || mark.text === "'");
}

function shiftOf(tokens: readonly Token[]): number {
  const first = tokens[0];
  for (let shift = 0; shift <= MAX_SHIFT && shift < seen.length; shift += 1) if (seen[shift] === first) return shift;
  return 0;
}
