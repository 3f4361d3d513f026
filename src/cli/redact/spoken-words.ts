/** Cuts a text where the redactor sees its words end, so that saying it word by word is saying the same. */

/** A word as it would be said: places in the text, end exclusive. */
export interface SpokenWord {
  readonly s: number;
  readonly e: number;
}

/** How long a word takes to say: the mean of a sample of phone calls. */
export const WORD_MS = 251;

const PLAIN = /^[ -~]*$/;
/** Controls separate words; invisible format characters, of which U+FEFF would count as a space, do not. */
const WORD = /(?:\p{Cf}|[^\s\p{Cc}])+/gu;
const INVISIBLE = /^\p{Cf}*$/u;
/** What one result may hold: a longer word is said in several. */
const MAX_WORD_CHARS = 4096;

export function cutWords(text: string): SpokenWord[] {
  const words: SpokenWord[] = [];
  if (PLAIN.test(text)) {
    for (let s = 0; s < text.length;) {
      const space = text.indexOf(' ', s);
      const e = space < 0 ? text.length : space;
      if (e > s) addWord(words, s, e);
      s = e + 1;
    }
    return words;
  }
  for (const { 0: word, index: s } of text.matchAll(WORD)) {
    if (!INVISIBLE.test(word)) addWord(words, s, s + word.length);
  }
  return words;
}

function addWord(words: SpokenWord[], s: number, e: number): void {
  for (let at = s; at < e; at += MAX_WORD_CHARS) words.push({ s: at, e: Math.min(at + MAX_WORD_CHARS, e) });
}

/** When each of so many words is said, one after the other. Those of a beginning are kept: most texts are short. */
export function timesOf(count: number, startMs: number): readonly WordTime[] {
  if (startMs === 0 && count <= FIRST_TIMES.length) return FIRST_TIMES.slice(0, count);
  return Array.from({ length: count }, (_, at) => timeOf(at, startMs));
}

export interface WordTime {
  readonly startMs: number;
  readonly endMs: number;
}

const FIRST_TIMES: readonly WordTime[] = Array.from({ length: 256 }, (_, at) => timeOf(at, 0));

function timeOf(at: number, startMs: number): WordTime {
  return { startMs: startMs + at * WORD_MS, endMs: startMs + (at + 1) * WORD_MS };
}
