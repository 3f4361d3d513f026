import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionTime } from '../../../src/governance/audio/connection-time.ts';
import {
  boundRecognition,
  isOversize,
  MAX_TEXT_CHARS,
  MAX_WORDS,
} from '../../../src/governance/audio/recognition-bounds.ts';
import type { Recognition } from '../../../src/processors/processor.ts';

function sent(ms: number): ConnectionTime {
  const time = new ConnectionTime();
  time.noteSent(1000, ms);
  return time;
}

function said(changes: Partial<Recognition>): Recognition {
  return { final: true, text: 'hello', startMs: 0, endMs: 500, words: [], ...changes };
}

test('what is ordinary passes unchanged but for its place on the stream', () => {
  const words = [{ text: 'hello', startMs: 100, endMs: 400, confidence: 0.9 }];

  expect(boundRecognition(said({ words }), sent(500))).toEqual({
    final: true,
    text: 'hello',
    startMs: 1000,
    endMs: 1500,
    words: [{ text: 'hello', startMs: 1100, endMs: 1400, confidence: 0.9 }],
  });
});

test('invisible characters cannot split a number, and control characters become spaces', () => {
  const text = '41\u200b11\u202e 11\u00ad11\r\nX-Header: 1\u0000\ud800';

  expect(boundRecognition(said({ text }), sent(500))?.text).toBe('4111 1111  X-Header: 1');
});

test('text that was nothing but such characters is no recognition', () => {
  expect(boundRecognition(said({ text: '\u200b\n ' }), sent(500))).toBeUndefined();
});

test('too much text and too many words are cut, and said to be', () => {
  const words = Array.from({ length: 2000 }, () => ({ text: 'w'.repeat(999), startMs: 0, endMs: 1 }));
  const long = said({ text: 'x'.repeat(50_000), words });

  const bounded = boundRecognition(long, sent(500));

  expect(isOversize(long)).toBe(true);
  expect(bounded?.text.length).toBe(MAX_TEXT_CHARS);
  expect(bounded?.words.length).toBe(MAX_WORDS);
  expect(bounded?.words.every((word) => word.text.length <= 128)).toBe(true);
});

test('whatever a recogniser claims, times stay whole, in order and within what it was sent', () => {
  const number = fc.double();
  const word = fc.record({ text: fc.string(), startMs: number, endMs: number, confidence: number });
  fc.assert(
    fc.property(number, number, fc.array(word), fc.string({ unit: 'binary' }), (startMs, endMs, words, text) => {
      const bounded = boundRecognition({ final: true, text, startMs, endMs, words }, sent(500));

      for (const span of bounded ? [bounded, ...bounded.words] : []) {
        expect(Number.isInteger(span.startMs) && Number.isInteger(span.endMs)).toBe(true);
        expect(span.startMs).toBeGreaterThanOrEqual(1000);
        expect(span.endMs).toBeLessThanOrEqual(1500);
        expect(span.startMs).toBeLessThanOrEqual(span.endMs);
      }
      for (const { confidence } of bounded?.words ?? []) {
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
      }
    }),
  );
});
