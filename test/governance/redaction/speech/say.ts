/** Speech as a detector sees it: a whole turn, or a turn that may go on. */

import type { Detector, Window } from '../../../../src/governance/redaction/detect/detector.ts';
import { cutItems } from '../../../../src/governance/redaction/lexer.ts';
import type { Topic } from '../../../../src/governance/redaction/speech/token.ts';
import { Tokens } from '../../../../src/governance/redaction/speech/tokens.ts';

const WORD_MS = 250;

export function say(text: string, options: { asked?: Topic; goesOn?: boolean; left?: number } = {}): Window {
  const maker = new Tokens();
  const endMs = WORD_MS * text.split(' ').length;
  const items = cutItems({ text, startMs: 0, endMs, words: [] }, true);
  const tokens = items.map((item) => maker.next(item, options.asked));
  return { tokens, left: options.left ?? 0, isEnd: options.goesOn !== true };
}

/** What the detector hides of it, each finding as "TYPE text". */
export function hidden(detector: Detector, text: string, asked?: Topic): string[] {
  const window = say(text, asked === undefined ? {} : { asked });
  return detector(window).findings.map(({ type, start, end }) => `${type} ${textOf(window, start, end)}`);
}

export function textOf({ tokens }: Window, start: number, end: number): string {
  return tokens
    .slice(start, end)
    .map(({ lead, text }) => lead + text)
    .join('')
    .trim();
}
