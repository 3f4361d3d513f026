/** Test support: speech in, redacted text out. */

import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import {
  LegRedactor,
  type LegRedactorOptions,
  type Settlement,
  type SpeechEvent,
} from '../../../src/governance/redaction/leg-redactor.ts';
import { createRedactor } from '../../../src/governance/redaction/redactor.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../../src/model/redaction-settings.ts';
import type { Piece, RedactionPlan } from '../../../src/model/transcript.ts';

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

/** A leg with a reader `a`; `with` is what differs from the usual settings. */
export interface Given extends Partial<LegRedactorOptions> {
  readonly with?: Partial<RedactionSettings>;
  readonly plan?: RedactionPlan;
}

export function openLeg({ with: settings, plan = NAMED, ...options }: Given = {}): LegRedactor {
  const memory = new CallMemory();
  const own = { ...DEFAULT_REDACTION, ...settings };
  return new LegRedactor({ memory, plans: { a: plan }, resumed: false, settings: own, ...options });
}

/** A result whose recogniser tells the time of each word, 250 ms apart. */
export function timed(text: string, startMs = 0, final = true): SpeechEvent {
  const words = text.split(' ').map((_, at) => ({ startMs: startMs + 250 * at, endMs: startMs + 250 * at + 200 }));
  return { ...said(text, startMs, final), words };
}

export function partial(text: string, startMs = 0): SpeechEvent {
  return timed(text, startMs, false);
}

/** What came out for `a`, and what it was shown of a partial result. */
export function emitted({ texts }: Settlement): string {
  return textOf(texts['a'] ?? []);
}

export function shown({ previews }: Settlement): string | undefined {
  return previews?.['a']?.text;
}
