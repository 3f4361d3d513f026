/**
 * Cuts a long result into parts that each cost a worker little, so that nobody's event keeps others waiting for long.
 * However a leg's results are cut, redaction gives the same text; so this is free to cut at any space.
 */

import type { SpeechEvent } from './leg-redactor.ts';

/** Parts of at most `maxChars`, in order, with their share of the words and of the time; a longer word stays whole. */
export function splitSpeech(event: SpeechEvent, maxChars: number): readonly SpeechEvent[] {
  if (event.text.length <= maxChars) return [event];
  const chunks = event.text.match(/\S+/gu) ?? [];
  const isTimed = event.words.length === chunks.length;
  const perChar = (event.endMs - event.startMs) / event.text.length;
  const parts: SpeechEvent[] = [];
  let from = 0;
  let startMs = event.startMs;
  while (from < chunks.length) {
    let to = from + 1;
    let chars = chunks[from]?.length ?? 0;
    while (to < chunks.length && chars + 1 + (chunks[to]?.length ?? 0) <= maxChars) {
      chars += 1 + (chunks[to]?.length ?? 0);
      to += 1;
    }
    const isLast = to === chunks.length;
    const endMs = isLast ? event.endMs : Math.min(event.endMs, Math.round(startMs + chars * perChar));
    const words = isTimed ? event.words.slice(from, to) : [];
    parts.push({ final: event.final, text: chunks.slice(from, to).join(' '), startMs, endMs, words });
    from = to;
    startMs = endMs;
  }
  return parts;
}
