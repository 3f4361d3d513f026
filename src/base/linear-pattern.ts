/**
 * Regular expressions by people we do not know, on text by people nobody knows: matched in linear time (RE2), ignoring
 * case, and small. The one door to the package. A pattern that could match nothing, or that asks where the text begins
 * or ends, is refused: it is for streams, which have neither.
 */

import { RE2JS, RE2JSException } from 're2js';
import { assert } from './assert.ts';

export const MAX_PATTERN_CHARS = 256;
/** Steps of the compiled program: matching takes as long as the text times this, at worst. */
const MAX_STEPS = 128;
const MAX_MATCHES = 64;
const MAX_REASON_CHARS = 80;

/** Text without space in it, as far as can be told from the pattern alone: no dot, no negated class, no odd escape. */
const ONE_WORD =
  /^(?:[^\s\\.[\p{Cc}]|\\[dwSbB]|\\p(?:[LN]|\{(?:L|Lu|Ll|N|Nd)\})|\\[^A-Za-z0-9\s]|\[(?![\^[])(?:[^\s\\[\]\p{Cc}]|\\[dwS]|\\[^A-Za-z0-9\s])+\])*$/u;
/** What an anchor may hide in: escapes and classes. */
const NO_ANCHOR = /\\[^AzZQ]|\[\^?\]?(?:\\.|[^\\\]])*\]/gsu;
const ANCHOR = /[\^$]|\\[AzZQ]/;

export type Compiled =
  { readonly kind: 'pattern'; readonly pattern: LinearPattern } | { readonly kind: 'refused'; readonly reason: string };

/** A place in a text, in UTF-16 units, end exclusive. */
export interface Match {
  readonly start: number;
  readonly end: number;
}

/** Never throws; a reason quotes nothing but the pattern. */
export function compilePattern(source: string): Compiled {
  if (source.length === 0 || source.length > MAX_PATTERN_CHARS) {
    return refused(`must have 1 to ${MAX_PATTERN_CHARS} characters`);
  }
  if (ANCHOR.test(source.replaceAll(NO_ANCHOR, ''))) {
    return refused('must not have ^ or $: what is said has no beginning and no end; \\b is the edge of a word');
  }
  try {
    const program = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    if (program.programSize() > MAX_STEPS) return refused('is too large: shorten it, or its repetitions');
    if (program.test('')) return refused('must not match nothing');
    return { kind: 'pattern', pattern: new LinearPattern(program, ONE_WORD.test(source)) };
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown;
    return refused(`is no regular expression of RE2: ${descriptionOf(thrown)}`);
  }
}

/** One that was checked before. */
export function checkedPattern(source: string): LinearPattern {
  const compiled = compilePattern(source);
  assert(compiled.kind === 'pattern', 'a pattern that was checked compiles');
  return compiled.pattern;
}

export class LinearPattern {
  readonly #program: RE2JS;
  /** No match holds a space. */
  readonly isOneWord: boolean;

  constructor(program: RE2JS, isOneWord: boolean) {
    this.#program = program;
    this.isOneWord = isOneWord;
  }

  /** Matches that do not overlap, in order. */
  matchesIn(text: string): readonly Match[] {
    // The automaton that only says whether is many times faster than the one that says where.
    if (!this.#program.test(text)) return [];
    const matches: Match[] = [];
    const matcher = this.#program.matcher(text);
    while (matches.length < MAX_MATCHES && matcher.find()) {
      const [start, end] = [matcher.start(), matcher.end()];
      if (end > start) matches.push({ start, end });
    }
    return matches;
  }
}

/** Without the pattern itself, which the library puts behind it. */
function descriptionOf({ message }: Error): string {
  const [first = ''] = message.replace(/^error parsing regexp: /, '').split(': `');
  return first.slice(0, MAX_REASON_CHARS);
}

function refused(reason: string): Compiled {
  return { kind: 'refused', reason };
}
