/**
 * Cuts a long result into parts that each cost a worker little, so that nobody's event keeps others waiting for long.
 * However a leg's results are cut, redaction gives the same text; so this is free to cut at any space.
 */

import type { SpeechEvent } from './leg-redactor.ts';

/** A part is no more than this. What it costs goes by words and marks: marks alone are five times as many in a line. */
export interface PartLimits {
  readonly chars: number;
  readonly items: number;
}

/** Words, numbers and single marks, near enough as the lexer cuts them. */
const ITEM = /\p{Nd}+|\p{L}[\p{L}\p{M}'’]*|\S/gu;

/** Parts within the limits, in order, with their share of the words and of the time; a word beyond them stays whole. */
export function splitSpeech(event: SpeechEvent, limits: PartLimits): readonly SpeechEvent[] {
  if (fits(event.text, limits)) return [event];
  const chunks = event.text.match(/\S+/gu) ?? [];
  const isTimed = event.words.length === chunks.length;
  const perChar = (event.endMs - event.startMs) / event.text.length;
  const parts: SpeechEvent[] = [];
  let from = 0;
  let startMs = event.startMs;
  while (from < chunks.length) {
    const to = endOfPart(chunks, from, limits);
    const text = chunks.slice(from, to).join(' ');
    const isLast = to === chunks.length;
    const endMs = isLast ? event.endMs : Math.min(event.endMs, Math.round(startMs + text.length * perChar));
    const words = isTimed ? event.words.slice(from, to) : [];
    parts.push({ final: event.final, text, startMs, endMs, words });
    from = to;
    startMs = endMs;
  }
  return parts;
}

/** Whether a text is small enough for one job. */
export function fits(text: string, { chars, items }: PartLimits): boolean {
  return text.length <= chars && (text.length <= items || countItems(text) <= items);
}

function endOfPart(chunks: readonly string[], from: number, limits: PartLimits): number {
  let chars = -1;
  let items = 0;
  for (let to = from; to < chunks.length; to += 1) {
    const chunk = chunks[to] ?? '';
    chars += 1 + chunk.length;
    items += countItems(chunk);
    if (to > from && (chars > limits.chars || items > limits.items)) return to;
  }
  return chunks.length;
}

function countItems(text: string): number {
  return text.match(ITEM)?.length ?? 0;
}
