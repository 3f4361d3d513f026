/** What tests of detectors look through: a text as one window, or word by word as the engine does it. */

import type { Detector } from '../../../../src/governance/redaction/detect/detector.ts';
import { cutItems } from '../../../../src/governance/redaction/lexer.ts';
import type { Token, Topic } from '../../../../src/governance/redaction/speech/token.ts';
import { Tokens } from '../../../../src/governance/redaction/speech/tokens.ts';

export function tokensOf(text: string, asked?: Topic): Token[] {
  const tokens = new Tokens();
  return cutItems({ text, startMs: 0, endMs: 1000, words: [] }, true).map((item) => tokens.next(item, asked));
}

/** What is hidden of a whole text, as it was said, each with its type. */
export function hidden(detector: Detector, text: string, asked?: Topic): string[] {
  const tokens = tokensOf(text, asked);
  return detector({ tokens, left: 0, isEnd: true }).findings.map(
    ({ start, end, type }) => `${type}: ${text.slice(tokens[start]?.s, tokens[end - 1]?.e)}`,
  );
}

/** What is hidden when the words come one by one and one is held back, with "_" for each word hidden. */
export function hiddenWordByWord(detector: Detector, text: string, asked?: Topic): string {
  const all = tokensOf(text, asked);
  const isHidden = new Set<number>();
  let gone = 0;
  for (let count = 1; count <= all.length; count += 1) {
    const base = Math.max(0, gone - 24);
    const window = { tokens: all.slice(base, count), left: gone - base, isEnd: count === all.length };
    const { findings, holdFrom } = detector(window);
    for (const { start, end } of findings)
      for (let at = Math.max(start + base, gone); at < end + base; at += 1) isHidden.add(at);
    gone = Math.max(gone, Math.min(holdFrom + base, count - 1), count - 96);
  }
  return all.map(({ text: word }, at) => (isHidden.has(at) ? '_' : word)).join(' ');
}
