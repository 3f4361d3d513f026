import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutWords } from '../../../src/cli/redact/spoken-words.ts';
import { cutItems } from '../../../src/governance/redaction/lexer.ts';

const texts = fc.string({
  unit: fc.constantFrom('a', '7', ' ', '\n', '\t', '-', 'é', '😀', '\u200b', '\ufeff', '\u0007', '\u00a0', '\u2028'),
});

test('words are cut where the redactor cuts them, and none is lost', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const words = cutWords(text);
      const items = cutItems({ text, startMs: 0, endMs: 0, words: [] }, true);

      expect(words.length).toBe(items.filter(({ lead }, at) => at === 0 || lead === ' ').length);
      for (const { s, e } of items) expect(words.some((word) => word.s <= s && e <= word.e)).toBe(true);
    }),
  );
});

test('a word too long for one result becomes several', () => {
  const words = cutWords(`a ${'b'.repeat(10_000)} c`);

  expect(words.map(({ s, e }) => e - s)).toEqual([1, 4096, 4096, 1808, 1]);
});
