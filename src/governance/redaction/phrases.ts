/**
 * Phrases of a tenant's own, looked for word by word in a leg's tokens: whatever case, a mark between two words and an
 * "'s" behind them make no difference. It says where one is and where one may be about to be, not what becomes of it.
 */

import { cutItems, type Item } from './lexer.ts';

/** A phrase that is there; places in the tokens, end exclusive. */
export interface Occurrence {
  readonly start: number;
  readonly end: number;
  /** In one spelling. */
  readonly phrase: string;
}

export interface Scan {
  readonly found: readonly Occurrence[];
  /** Where the first phrase begins that the tokens end in the middle of; their number when there is none. */
  readonly openFrom: number;
}

/** What has left and begins a phrase is looked at this far back, in tokens: no phrase is longer. */
const MAX_BACK = 64;

export class Phrases {
  readonly #byFirst = new Map<string, (readonly string[])[]>();
  readonly #words = new Set<string>();

  constructor(phrases: readonly string[]) {
    for (const text of phrases) {
      const words = cutItems({ text, startMs: 0, endMs: 0, words: [] }, true).filter(isWord).map(wordOf);
      const [first] = words;
      if (first === undefined) continue;
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), words]);
      for (const word of words) this.#words.add(word);
    }
  }

  /** Whether the item is a word of any of them. */
  hasWord(item: Item): boolean {
    return this.#words.has(wordOf(item));
  }

  /** Those that end behind `left`, and whether words to come may make one more. */
  scan(tokens: readonly Item[], left: number): Scan {
    const found: Occurrence[] = [];
    let openFrom = tokens.length;
    for (let start = Math.max(0, left - MAX_BACK); start < tokens.length; start += 1) {
      const token = tokens[start];
      const phrases = token && isWord(token) ? this.#byFirst.get(wordOf(token)) : undefined;
      for (const words of phrases ?? []) {
        const end = endOf(words, tokens, start);
        if (end === 'open') openFrom = Math.min(openFrom, start);
        else if (end !== undefined && end > left) found.push({ start, end, phrase: words.join(' ') });
      }
    }
    return { found, openFrom };
  }
}

function endOf(words: readonly string[], tokens: readonly Item[], start: number): number | 'open' | undefined {
  let at = start;
  for (const [index, word] of words.entries()) {
    const marked = tokens[at];
    if (index > 0 && marked && !isWord(marked)) at += 1;
    const token = tokens[at];
    if (!token) return 'open';
    if (!isWord(token) || wordOf(token) !== word) return undefined;
    at += 1;
  }
  return at;
}

function isWord({ kind }: Item): boolean {
  return kind !== 'mark';
}

function wordOf({ fold }: Item): string {
  return fold.replace(/['’]s?$/u, '');
}
