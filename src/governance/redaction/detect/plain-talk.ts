/** Whether what is held is nothing but ordinary words: the question that most detectors ask first, and seldom go beyond. */

import type { Window } from './detector.ts';

export function isPlainTalk({ tokens, left }: Window): boolean {
  for (let at = left; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token !== undefined && (token.symbol !== undefined || token.kind !== 'word' || token.lead === '')) return false;
  }
  return true;
}
