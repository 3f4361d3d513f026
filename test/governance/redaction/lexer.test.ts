import { expect, test } from 'vitest';
import { cutItems } from '../../../src/governance/redaction/lexer.ts';

function cut(text: string, words: readonly { startMs: number; endMs: number }[] = []) {
  return cutItems({ text, startMs: 1000, endMs: 2000, words }, true);
}

test('words, digits and marks are items; a space is kept as what leads the next', () => {
  const items = cut("  it's 42-a,  ok ");

  expect(items.map(({ lead, text, kind }) => [lead, text, kind])).toEqual([
    ['', "it's", 'word'],
    [' ', '42', 'digits'],
    ['', '-', 'mark'],
    ['', 'a', 'word'],
    ['', ',', 'mark'],
    [' ', 'ok', 'word'],
  ]);
});

test('digits of any script fold to ASCII, circled and superscript ones too', () => {
  expect(cut('٤٢ ４２ ४२ ④ ² 𝟜').map(({ fold, kind }) => [fold, kind])).toEqual([
    ['42', 'digits'],
    ['42', 'digits'],
    ['42', 'digits'],
    ['4', 'digits'],
    ['2', 'digits'],
    ['4', 'digits'],
  ]);
});

test('invisible characters disappear and control characters become spaces', () => {
  expect(cut('4\u200b2\u00ad\u2060 a\u0000b \ud800').map(({ text }) => text)).toEqual(['42', 'a', 'b', '\ufffd']);
});

test('word times of the recogniser are used when they fit, and spread by length when they do not', () => {
  const words = [
    { startMs: 1100, endMs: 1200 },
    { startMs: 1500, endMs: 1900 },
  ];

  const fitting = cut('hello 42-42', words);
  const spread = cut('ab abcdef', [words[0]!]);

  expect(fitting.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [1100, 1200],
    [1500, 1900],
    [1500, 1900],
    [1500, 1900],
  ]);
  expect(spread.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [1000, 1250],
    [1250, 2000],
  ]);
});

test('no item is longer than about a hundred characters', () => {
  for (const { text } of cut(`${'x'.repeat(500)} ${'4'.repeat(500)} ${"a'".repeat(500)}`)) {
    expect(text.length).toBeLessThanOrEqual(100);
  }
});
