/**
 * Finds what a tenant's own patterns match: in the words as they are written, joined as they were said, and in numbers
 * and spelled signs as they read ("m one two three" as `m123`, without marks). A match that words to come may prolong is
 * held. A pattern that may match a space finds at most five words, and the last four are always held for it.
 */

import type { LinearPattern } from '../../../base/linear-pattern.ts';
import type { EntityType } from '../../../model/transcript.ts';
import { runsOf } from '../speech/runs.ts';
import type { Token } from '../speech/token.ts';
import type { Detector, Finding, Window } from './detector.ts';

export interface TypedPattern {
  readonly type: EntityType;
  readonly pattern: LinearPattern;
}

const MATCH_WORDS = 5;
/** How far back a match may begin in what has left, so that its end is hidden at least. In tokens. */
const MAX_BACK = 16;
const SURE = { confidence: 1, rule: 'tenant.pattern' } as const;

/** `holdWords`: how many words are held anyway. */
export function patternDetector(patterns: readonly TypedPattern[], holdWords: number): Detector {
  const needed = patterns.some(({ pattern }) => !pattern.isOneWord) ? MATCH_WORDS - 1 : 1;
  const ownWords = needed > holdWords ? needed : 0;
  return (window) => {
    const { tokens, left, isEnd } = window;
    const findings: Finding[] = [];
    const written = writtenFrom(tokens, Math.max(0, left - MAX_BACK));
    let holdFrom = lastWords(tokens, left, ownWords);
    for (const { type, pattern } of patterns) {
      for (const match of pattern.matchesIn(written.text)) {
        const [start, end] = [written.tokenAt(match.start), written.tokenAt(match.end - 1) + 1];
        const isOpen = !isEnd && end === tokens.length;
        if (isOpen) holdFrom = Math.min(holdFrom, Math.max(left, start));
        else if (end > left) findings.push({ ...SURE, start, end, type, value: signsOf(written.text, match) });
      }
    }
    findings.push(...inRuns(patterns, window));
    return { findings, holdFrom: isEnd ? tokens.length : holdFrom };
  };
}

/** Numbers as they read, when they have been said. */
function inRuns(patterns: readonly TypedPattern[], window: Window): readonly Finding[] {
  return runsOf(window).flatMap((run) => {
    if (run.isOpen && !window.isEnd) return [];
    return patterns.flatMap(({ type, pattern }) => {
      const [match] = pattern.matchesIn(run.text);
      if (!match) return [];
      return [{ ...SURE, start: run.outerStart, end: run.outerEnd, type, value: signsOf(run.text, match) }];
    });
  });
}

interface Written {
  readonly text: string;
  /** Which token a place of the text is in. */
  readonly tokenAt: (place: number) => number;
}

/** From the beginning of a word on: inside of one, its edge would be nowhere. */
function writtenFrom(tokens: readonly Token[], at: number): Written {
  let from = at;
  while (from > 0 && tokens[from]?.lead === '') from -= 1;
  const ends: number[] = [];
  let text = '';
  for (let next = from; next < tokens.length; next += 1) {
    const token = tokens[next];
    text += `${next > from ? (token?.lead ?? '') : ''}${token?.fold ?? ''}`;
    ends.push(text.length);
  }
  return { text, tokenAt: (place) => from + ends.findIndex((end) => end > place) };
}

function lastWords(tokens: readonly Token[], left: number, count: number): number {
  let at = tokens.length;
  for (let words = 0; words < count && at > left;) {
    at -= 1;
    if (tokens[at]?.lead === ' ') words += 1;
  }
  return at;
}

/** One spelling, whatever stands between. */
function signsOf(text: string, { start, end }: { readonly start: number; readonly end: number }): string {
  return text.slice(start, end).replaceAll(/[^\p{L}\p{Nd}]/gu, '');
}
