import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitSpeech } from '../../../src/governance/redaction/split-speech.ts';
import { said } from './hear.ts';

const word = fc.stringMatching(/^[a-z0-9]{1,30}$/);

test('parts are short, hold every word once and in order, and share the time without a gap', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 200 }), fc.integer({ min: 30, max: 400 }), (words, most) => {
      const event = said(words.join(' '), 1000);

      const parts = splitSpeech(event, { chars: most, items: 1000 });

      expect(parts.map(({ text }) => text).join(' ')).toBe(event.text);
      expect(Math.max(...parts.map(({ text }) => text.length))).toBeLessThanOrEqual(Math.max(most, 30));
      expect([parts[0]?.startMs, parts.at(-1)?.endMs]).toEqual([event.startMs, event.endMs]);
      for (const [at, part] of parts.entries()) expect(part.startMs).toBe(parts[at - 1]?.endMs ?? event.startMs);
    }),
  );
});

test('word times go with their words', () => {
  const words = Array.from({ length: 4 }, (_, at) => ({ startMs: at * 100, endMs: at * 100 + 50 }));

  const parts = splitSpeech({ ...said('aa bb cc dd'), words }, { chars: 5, items: 9 });

  expect(parts.map((part) => part.words)).toEqual([words.slice(0, 2), words.slice(2)]);
});

test('a word longer than a part stays whole', () => {
  expect(splitSpeech(said(`a ${'x'.repeat(50)} b`), { chars: 10, items: 99 }).map(({ text }) => text.length)).toEqual([
    1, 50, 1,
  ]);
});

test('marks and digits count one by one, as they cost a worker that', () => {
  const parts = splitSpeech(said('4-4-4- '.repeat(20)), { chars: 1000, items: 24 });

  expect(new Set(parts.map(({ text }) => text))).toEqual(new Set([Array(4).fill('4-4-4-').join(' ')]));
});
