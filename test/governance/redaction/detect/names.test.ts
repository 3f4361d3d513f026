import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectNameSlot } from '../../../../src/governance/redaction/detect/name-slot.ts';
import { detectNames } from '../../../../src/governance/redaction/detect/names.ts';
import { hidden, hiddenWordByWord, tokensOf } from './windows.ts';

test.each([
  ['hello zdenka kowalczyk here', 'NAME: zdenka kowalczyk'],
  ['could you ask declan about it', 'NAME: declan'],
  ['it belongs to tony and nobody else', 'NAME: tony'],
  ['i spoke with grace about that yesterday', 'NAME: grace'],
  ['my name is stone and i called before', 'NAME: stone'],
  ['his sister was named summer after all that', 'NAME: summer'],
  ['we saw zdenka k warrick on the list', 'NAME: zdenka k warrick'],
  ['the painter vermolen van der zwaluw is on the list', 'NAME: vermolen van der zwaluw'],
  ["the o'dowd account is the one with the leak", "NAME: o'dowd"],
  ["it is declan's car that was towed", "NAME: declan's"],
  ['I said that to Mark on the phone', 'NAME: Mark'],
  ['the form says Zdenka Brown on the second page', 'NAME: Zdenka Brown'],
])('"%s" holds a name', (text, found) => {
  expect(hidden(detectNames, text)).toEqual([found]);
});

test('a title is hidden with the name it stands before, whatever that is', () => {
  expect(hidden(detectNames, 'please put me through to mrs winter in billing')).toEqual(['TITLE: mrs', 'NAME: winter']);
});

test.each([
  'i will mark it as done in may',
  'the bill was wrong and i hope for a refund',
  'please be frank with me about the price',
  'the summer sale ended so i want my money back',
  'Will it be ready by then?',
  'what are your opening hours',
  'the router keeps dropping the connection every ten minutes',
  'i miss the old app',
  'the 10th of the month',
])('"%s" holds no name', (text) => {
  expect(hidden(detectNames, text)).toEqual([]);
});

test('a short turn with a name in it is a name', () => {
  expect(hidden(detectNames, 'declan little')).toEqual(['NAME: declan little']);
  expect(hidden(detectNames, 'Hazel')).toEqual(['NAME: Hazel']);
  expect(hidden(detectNames, 'new card')).toEqual([]);
});

test('the end of a short turn is waited for, and no longer', () => {
  expect(hiddenWordByWord(detectNames, 'declan little')).toBe('_ _');
  expect(hiddenWordByWord(detectNames, 'declan slowly got better at it')).toBe('_ slowly got better at it');
});

test('initials and particles are held until the name goes on', () => {
  expect(hiddenWordByWord(detectNames, 'that was vermolen van der zwaluw who called')).toBe(
    'that was _ _ _ _ who called',
  );
});

test.each([
  ['beth morgan', 'NAME: beth morgan'],
  ['it is stone towel', 'NAME: stone towel'],
  ['my full name is play duncan', 'NAME: play duncan'],
  ['m a r i a', 'NAME: m a r i a'],
  ['ger a l d', 'NAME: ger a l d'],
])('asked for a name, "%s" is one', (text, found) => {
  expect(hidden(detectNameSlot, text, 'name')).toEqual([found]);
});

test('asked for a name, what only puts the answer off stays', () => {
  expect(hidden(detectNameSlot, 'sorry can you repeat the question please', 'name')).toEqual([]);
  expect(hidden(detectNameSlot, 'yes', 'name')).toEqual([]);
});

test('not asked for a name, the same words are nobody', () => {
  expect(hidden(detectNameSlot, 'it is stone towel')).toEqual([]);
  expect(hidden(detectNameSlot, 'it is stone towel', 'postcode')).toEqual([]);
});

test('findings lie in the window and past what has left', () => {
  const words = fc.constantFrom(
    'mrs',
    'van',
    'k',
    '.',
    'zdenka',
    'grace',
    'and',
    'my',
    'name',
    'is',
    'Brown',
    ',',
    '7',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), fc.nat(30), fc.boolean(), (said, gone, isEnd) => {
      const tokens = tokensOf(said.join(' '));
      const left = Math.min(gone, tokens.length);

      const { findings, holdFrom } = detectNames({ tokens, left, isEnd });

      expect(holdFrom).toBeGreaterThanOrEqual(left);
      expect(holdFrom).toBeLessThanOrEqual(tokens.length);
      for (const { start, end } of findings) {
        expect(start).toBeLessThan(end);
        expect(start).toBeGreaterThanOrEqual(left);
        expect(end).toBeLessThanOrEqual(tokens.length);
      }
    }),
  );
});
