/**
 * What a recogniser says is untrusted: bounded in size, freed of characters that are not text, and put on the
 * stream's timeline within what was really sent. It does not redact; that comes later and elsewhere.
 */

import type { Recognition } from '../../processors/processor.ts';
import type { ConnectionTime } from './connection-time.ts';

export const MAX_TEXT_CHARS = 8192;
export const MAX_WORDS = 500;
const MAX_WORD_CHARS = 128;

/** The same recognition on the stream's timeline; undefined when no text is left of it. */
export function boundRecognition(recognition: Recognition, time: ConnectionTime): Recognition | undefined {
  const text = cleanText(recognition.text, MAX_TEXT_CHARS);
  if (text === '') return undefined;
  return {
    final: recognition.final,
    text,
    ...spanOnStream(recognition, time),
    words: recognition.words.slice(0, MAX_WORDS).map((word) => ({
      text: cleanText(word.text, MAX_WORD_CHARS),
      ...spanOnStream(word, time),
      ...(word.confidence === undefined ? {} : { confidence: Math.min(Math.max(finite(word.confidence), 0), 1) }),
    })),
  };
}

/** Whether `boundRecognition` had to cut something off. */
export function isOversize(recognition: Recognition): boolean {
  return recognition.text.length > MAX_TEXT_CHARS || recognition.words.length > MAX_WORDS;
}

function spanOnStream(
  span: { readonly startMs: number; readonly endMs: number },
  time: ConnectionTime,
): { startMs: number; endMs: number } {
  const startMs = time.startOnStream(finite(span.startMs));
  return { startMs, endMs: Math.max(startMs, time.endOnStream(finite(span.endMs))) };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/**
 * Control characters become spaces. Invisible ones, and halves of surrogate pairs, go: they change nothing that is
 * read, and could hide a card number from the detectors or reverse the order in which an auditor sees a line.
 */
function cleanText(text: string, maxChars: number): string {
  return text
    .slice(0, maxChars)
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .trim();
}
