/** Whether digits or letters are being said one after another, told from the last words alone and not from what they mean. */

import type { Token } from './token.ts';

/** Digits at the end of a turn that may be the beginning of a number, when nothing else says so. */
const MIN_UNSURE = 3;
/** How far back a run is followed, in tokens. */
const MAX_RUN = 64;

/** A digit in any spelling, or a letter said for itself beside another sign of spelling. */
export function isSpelling(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  if (isDigit(token)) return true;
  return isLetter(token) && (isSign(tokens[at - 1]) || isSign(tokens[at + 1]) || !isLittleWord(token));
}

/** The digits or letters that the held words end with, if they are enough to be the beginning of something. */
export function tailOfRun(
  tokens: readonly Token[],
  left: number,
): { readonly start: number; readonly end: number } | undefined {
  let start = tokens.length;
  let signs = 0;
  let isAsked = false;
  for (let at = tokens.length - 1; at >= Math.max(0, tokens.length - MAX_RUN); at -= 1) {
    const token = tokens[at];
    if (!token) break;
    if (isSign(token)) {
      signs += token.symbol?.kind === 'digits' ? token.symbol.digits.length : 1;
      start = at;
      isAsked ||= token.asked !== undefined || token.cue !== undefined;
    } else if (!isBetween(token)) {
      break;
    }
  }
  const end = tokens.length;
  if (start >= end || end <= left || (signs < MIN_UNSURE && !isAsked)) return undefined;
  return { start: Math.max(start, left), end };
}

function isDigit({ symbol }: Token): boolean {
  switch (symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'scale':
    case 'repeat':
      return true;
    default:
      return false;
  }
}

function isLetter({ symbol }: Token): boolean {
  return symbol?.kind === 'letter' && !symbol.isWord;
}

function isLittleWord({ fold }: Token): boolean {
  return fold === 'a' || fold === 'i';
}

/** A digit in any spelling, or a letter. */
export function isSign(token: Token | undefined): boolean {
  return token !== undefined && (isDigit(token) || isLetter(token));
}

function isBetween(token: Token): boolean {
  switch (token.symbol?.kind) {
    case 'homophone':
    case 'glue':
    case 'and':
    case 'filler':
    case 'correction':
      return true;
    default:
      return token.kind === 'mark';
  }
}
