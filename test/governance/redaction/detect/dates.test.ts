import { expect, test } from 'vitest';
import { detectAges } from '../../../../src/governance/redaction/detect/ages.ts';
import { detectDates } from '../../../../src/governance/redaction/detect/dates.ts';
import { hidden, hiddenWordByWord } from './windows.ts';

test.each([
  ['we met the fifth of may nineteen eighty two there', 'fifth of may nineteen eighty two'],
  ['since 3/11/1964, yes', '3/11/1964'],
  ['at 2011-02-03T04:05:06Z it', '2011-02-03T04:05:06Z'],
  ['it was august 1935 then', 'august 1935'],
  ['on 2nd november 1970 i', '2nd november 1970'],
  ['May 5, 1982 was', 'May 5, 1982'],
  ['the 24th of the 3rd 1915 yes', '24th of the 3rd 1915'],
  ['back in nineteen seventy three we', 'nineteen seventy three'],
  ['it was nineteen seventy three', 'nineteen seventy three'],
  ['during two oh oh nine they', 'two oh oh nine'],
  ['in the second quarter of twenty twenty two we', 'second quarter of twenty twenty two'],
  ['july fourth at ten thirty pm works', 'july fourth at ten thirty pm'],
  ['since oh two one one one nine seven oh', 'oh two one one one nine seven oh'],
  ['see you on thursday then', 'thursday'],
])('the date in "%s" is hidden', (text, date) => {
  expect(hidden(detectDates, text)).toEqual([`DATE: ${date}`]);
});

test.each([
  'you may have two of them',
  'the two may differ',
  'at ten thirty pm',
  'about 2000 people came',
  'one second please',
  'open 24/7',
  'every monday',
  'half of it, 1/2 cup',
  'he will march on',
])('"%s" holds no date', (text) => {
  expect(hidden(detectDates, text)).toEqual([]);
});

test('a date of birth is one by the words before it', () => {
  expect(hidden(detectDates, 'my date of birth is 3 june 1961')).toEqual(['DOB: 3 june 1961']);
});

test('no part of a date leaves before the month is known', () => {
  expect(
    hiddenWordByWord(detectDates, 'it was the twenty fifth of the month of june twenty twelve i think'),
  ).not.toContain('twelve');
  expect(hiddenWordByWord(detectDates, 'it was the twenty fifth of june twenty twelve i think')).toBe(
    'it was the _ _ _ _ _ _ i think',
  );
});

test.each([
  ['she is forty two years old', 'forty two'],
  ['a 63-year-old man', '63'],
  ['retired at the age of six one', 'six one'],
  ['I turned double four', 'double four'],
  ["i'm fifty two and retired", 'fifty two'],
  ['aged 7, he', '7'],
  ['a hundred and three', ''],
  ['one hundred and three years old', 'one hundred and three'],
])('the age in "%s" is hidden', (text, age) => {
  expect(hidden(detectAges, text)).toEqual(age === '' ? [] : [`AGE: ${age}`]);
});

test.each(["i'm ten minutes away", 'she is one of them', 'two years ago', 'for 30 years', 'turn 2 pages'])(
  '"%s" tells no age',
  (text) => {
    expect(hidden(detectAges, text)).toEqual([]);
  },
);
