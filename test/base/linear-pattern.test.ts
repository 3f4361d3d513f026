import { describe, expect, test } from 'vitest';
import { checkedPattern, compilePattern, MAX_PATTERN_CHARS } from '../../src/base/linear-pattern.ts';

describe('whether a match may hold a space', () => {
  test.each(['M-?[0-9]{6}', '[a-z]+(x|y)\\d\\b', '\\p{L}{1,3}\\.', '[.+]\\[x', '\\S+'])('%s may not', (source) => {
    expect(checkedPattern(source).isOneWord).toBe(true);
  });

  test.each([
    'a b',
    'a.b',
    '[^x]y',
    'a\\sb',
    '\\Wx',
    '\\Dx',
    '\\PLx',
    '\\p{Z}x',
    '[[:space:]]x',
    'x\\x20',
    '[\\t-~]x',
    '[\\W]x',
    '(?i:a).',
  ])('%s may', (source) => {
    expect(checkedPattern(source).isOneWord).toBe(false);
  });
});

test.each([
  '(',
  'a**',
  '^a',
  'a$',
  '\\Aa',
  'a\\z',
  '\\Qa\\E',
  'a*',
  '(a|)',
  '(?=a)',
  '(a)\\1',
  '[a-z]{500}',
  '((a{30}){30}){30}',
  '',
  'a'.repeat(MAX_PATTERN_CHARS + 1),
])('%s is refused', (source) => {
  expect(compilePattern(source).kind).toBe('refused');
});

test.each(['[$^]x', '\\$[0-9]+', '\\^', '[^$]y', '[]^]x'])('%s has no anchor', (source) => {
  expect(compilePattern(source).kind).toBe('pattern');
});

test('matches are found in any case, one after the other, and an edge alone is none', () => {
  expect(checkedPattern('ab[0-9]').matchesIn('ab1 AB2 abx')).toEqual([
    { start: 0, end: 3 },
    { start: 4, end: 7 },
  ]);
  expect(checkedPattern('\\b').matchesIn('ab cd')).toEqual([]);
});

test('a reason says what is wrong without quoting the pattern at length', () => {
  expect(compilePattern(`(${'a'.repeat(200)}`)).toEqual({
    kind: 'refused',
    reason: 'is no regular expression of RE2: missing closing )',
  });
});
