/** What each word of a window is: by itself, and where it stands. */

import { CAPITAL, CLOSED, ORDINARY, TALK } from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';
import { MAX_WINDOW, type Window } from './detector.ts';

/** So far beyond the end detectors may look, and see nothing. */
const LOOK_AHEAD = 8;

/** Numbers only, and written anew for every window. */
let roles = new Int32Array(MAX_WINDOW + LOOK_AHEAD);

/** The flags of `word-kinds.ts` for every token of the window, by index. Valid until the next call. */
export function rolesOf(window: Window): Int32Array {
  const { tokens } = window;
  if (tokens.length + LOOK_AHEAD > roles.length) roles = new Int32Array(2 * tokens.length + LOOK_AHEAD);
  for (let at = 0; at < tokens.length; at += 1) roles[at] = tokens[at]?.kinds ?? 0;
  roles.fill(0, tokens.length, tokens.length + LOOK_AHEAD);
  markCapitals(window);
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
function markCapitals({ tokens, isEnd }: Window): void {
  const end = isEnd ? tokens.length : tokens.length - 1;
  for (let at = 1; at < end; at += 1) {
    const token = tokens[at];
    if (!hasCapital(token) || !token || token.inTurn === 0) continue;
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
