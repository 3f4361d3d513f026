/** Test support: speech in, redacted text out. */

import type { Piece, RedactionPlan } from '../../../src/model/transcript.ts';
import type { SpeechEvent } from '../../../src/governance/redaction/leg-redactor.ts';
import { createRedactor } from '../../../src/governance/redaction/redactor.ts';

export const NAMED: RedactionPlan = { actions: {}, defaultAction: 'pseudonym' };
export const MASKED: RedactionPlan = { actions: {}, defaultAction: 'mask' };

/** One result, lasting 250 ms a word from `startMs`. */
export function said(text: string, startMs = 0, final = true): SpeechEvent {
  const count = text.split(/\s+/).filter((word) => word !== '').length;
  return { final, text, startMs, endMs: startMs + 250 * count, words: [] };
}

/** The redaction of results pushed one after another, and of nothing after them. */
export function redact(...texts: readonly string[]): string {
  return textOf(hearAll(texts).pieces);
}

/** Pushes results in a row; `parts` is what each step gave, the end last. */
export function hearAll(
  texts: readonly string[],
  options: { readonly plan?: RedactionPlan; readonly resumed?: boolean } = {},
): { readonly pieces: readonly Piece[]; readonly parts: readonly string[] } {
  const redactor = createRedactor(options.plan ?? NAMED, { resumed: options.resumed ?? false });
  const steps: (readonly Piece[])[] = [];
  let startMs = 0;
  for (const text of texts) {
    const event = said(text, startMs);
    steps.push(redactor.push(event));
    startMs = event.endMs;
  }
  steps.push(redactor.end());
  return { pieces: steps.flat(), parts: steps.map(textOf) };
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}
