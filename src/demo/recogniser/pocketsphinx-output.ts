/** Reads what `pocketsphinx_continuous -time yes` prints. Lines of another shape are passed over. */

import type { Heard, HeardWord } from './engine.ts';

/*
 * hello i would like            one line per utterance it found,
 * <s> 0.030 0.150 0.999800      then its words with start and end in s, and a probability;
 * to(3) 1.600 1.740 0.999600    a number in brackets names the pronunciation.
 */
const TIMED = /^(\S+) (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)$/;
const WORD = /^[a-z][a-z'.-]*$/;

/** The words with times in ms from the start of the stream, of which this audio began at `offsetMs`. */
export function readPocketsphinx(output: string, offsetMs: number): Heard {
  const words = output.split('\n').flatMap((line) => readWord(line.trim(), offsetMs));
  return { text: words.map((word) => word.text).join(' '), words };
}

function readWord(line: string, offsetMs: number): HeardWord[] {
  const [, token, start, end, probability] = TIMED.exec(line) ?? [];
  const text = token?.replace(/\(\d+\)$/, '') ?? '';
  if (!WORD.test(text)) return [];
  const atMs = (seconds: string | undefined): number => Math.max(0, Math.round(offsetMs + Number(seconds) * 1000));
  return [{ text, startMs: atMs(start), endMs: atMs(end), confidence: Math.min(1, Number(probability)) }];
}
