/**
 * Cuts recogniser text into items: words, digit groups and single marks, each with its time. Looks at nothing but the
 * text itself, so that the same words give the same items however a recogniser cut its results.
 */

import type { Word } from '../../model/transcript.ts';

export interface Item {
  /** What stands before it in the output: a space, or nothing for the first item and for glued ones. */
  readonly lead: '' | ' ';
  readonly text: string;
  /** Lower case, compatibility-folded, any script's digits as ASCII. What detectors look at. */
  readonly fold: string;
  readonly kind: 'word' | 'digits' | 'mark';
  readonly startMs: number;
  readonly endMs: number;
  /** The recogniser gave its time; else it was guessed. */
  readonly isTimed: boolean;
  /** Offsets into the text it was cut from, UTF-16, end exclusive. */
  readonly s: number;
  readonly e: number;
}

export interface Speech {
  readonly text: string;
  /** On the stream's timeline. */
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly Pick<Word, 'startMs' | 'endMs'>[];
}

/** Items are at most about a hundred characters, so that what is held is bounded; a longer word is several glued ones. */
const ITEM = /\p{Nd}{1,64}|\p{L}[\p{L}\p{M}]{0,63}(?:['’]\p{L}[\p{L}\p{M}]{0,15}){0,2}|\S/gu;

/** Printable ASCII means what it says; most speech is nothing else, and Unicode classes are slow to test for. */
const PLAIN = /^[ -~]*$/;

/** Items of one result. `first` says that nothing of this leg came before, so no space is due. Linear in the text. */
export function cutItems(speech: Speech, first: boolean): Item[] {
  const { text, offsetOf } = printable(speech.text);
  const chunks = [...text.matchAll(/\S+/gu)];
  const { timeOf, isTimed } = timesOf(
    speech,
    chunks.map(([chunk]) => chunk),
  );
  const items: Item[] = [];
  for (const [index, { 0: chunk, index: at }] of chunks.entries()) {
    const { startMs, endMs } = timeOf(index);
    let lead: Item['lead'] = first && items.length === 0 ? '' : ' ';
    for (const { 0: cut, index: within } of chunk.matchAll(ITEM)) {
      const s = offsetOf(at + within);
      const e = offsetOf(at + within + cut.length - 1) + 1;
      const { text: shown, fold, kind } = classify(cut);
      items.push({ lead, text: shown, fold, kind, startMs, endMs, isTimed, s, e });
      lead = '';
    }
  }
  return items;
}

/** Items as they were said, without the space before the first. */
export function saidOf(items: readonly Item[]): string {
  const text = items.map((item) => item.lead + item.text).join('');
  return text.trimStart();
}

interface Printable {
  readonly text: string;
  /** Where a place of `text` was before. */
  readonly offsetOf: (at: number) => number;
}

/** Invisible characters could stand between the digits of a number; control characters have no place in speech. */
function printable(text: string): Printable {
  if (PLAIN.test(text)) return { text, offsetOf: (at) => at };
  const offsets: number[] = [];
  let kept = '';
  let at = 0;
  for (const char of text) {
    if (!/\p{Cf}/u.test(char)) {
      const shown = /\p{Cc}/u.test(char) ? ' ' : /\p{Cs}/u.test(char) ? '\ufffd' : char;
      kept += shown;
      for (let unit = 0; unit < shown.length; unit += 1) offsets.push(at + unit);
    }
    at += char.length;
  }
  return { text: kept, offsetOf: (place) => offsets[place] ?? text.length };
}

function classify(text: string): Pick<Item, 'text' | 'fold' | 'kind'> {
  if (PLAIN.test(text)) {
    const kind = /^[0-9]/.test(text) ? 'digits' : /^[A-Za-z]/.test(text) ? 'word' : 'mark';
    return { text, fold: text.toLowerCase(), kind };
  }
  const fold = asciiDigits(text.normalize('NFKC').toLowerCase());
  // A circled or superscript digit is a mark until it is folded.
  if (/[0-9]/.test(fold)) return { text, fold: fold.replace(/[^0-9]/g, ''), kind: 'digits' };
  return { text, fold, kind: /^\p{L}/u.test(text) ? 'word' : 'mark' };
}

/** Unicode puts the ten digits of every script in one row, so a digit's value is its distance from the row's start. */
function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    if (code < 0x80) return digit;
    let value = 0;
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
    return String(value);
  });
}

interface Times {
  readonly timeOf: (chunk: number) => { readonly startMs: number; readonly endMs: number };
  readonly isTimed: boolean;
}

/** The recogniser's own word times when they fit the text word for word; otherwise spread over the result by length. */
function timesOf(speech: Speech, chunks: readonly string[]): Times {
  if (speech.words.length === chunks.length) {
    return { timeOf: (chunk) => speech.words[chunk] ?? speech, isTimed: areApart(speech.words) };
  }
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const perChar = total === 0 ? 0 : (speech.endMs - speech.startMs) / total;
  const starts: number[] = [];
  let before = 0;
  for (const chunk of chunks) {
    starts.push(speech.startMs + Math.floor(before * perChar));
    before += chunk.length;
  }
  const timeOf = (chunk: number) => ({
    startMs: starts[chunk] ?? speech.startMs,
    endMs: starts[chunk + 1] ?? speech.endMs,
  });
  return { timeOf, isTimed: false };
}

/** Some recognisers give every word the time of the whole result, or none: that says where no word was said. */
function areApart(words: Speech['words']): boolean {
  let beforeMs = -Infinity;
  for (const { startMs, endMs } of words) {
    if (!(startMs > beforeMs && endMs > startMs)) return false;
    beforeMs = startMs;
  }
  return true;
}
