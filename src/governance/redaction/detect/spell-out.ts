/** The one spelling of an address, however it was said: what makes "j dot smith at example dot com" and its written form the same. */

import type { Token } from '../speech/token.ts';

export function spellOut(tokens: readonly Token[], start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const symbol = token.symbol;
    if (token.fold === 'point' || token.fold === 'period') text += '.';
    else if (symbol?.kind === 'glue') text += symbol.mark;
    else if (symbol?.kind === 'unit') text += token.fold === 'o' ? 'o' : symbol.digit;
    else if (symbol?.kind === 'letter' && !symbol.isWord) text += symbol.letter;
    else text += token.fold;
  }
  return text.replaceAll(' ', '');
}
