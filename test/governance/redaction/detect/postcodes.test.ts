import { expect, test } from 'vitest';
import { detectAnswers, detectAsked } from '../../../../src/governance/redaction/detect/answers.ts';
import { detectPostcodes } from '../../../../src/governance/redaction/detect/postcodes.ts';
import { detectSpelled } from '../../../../src/governance/redaction/detect/spelled.ts';
import { detectSpecialCategories } from '../../../../src/governance/redaction/detect/special-categories.ts';
import { hidden, hiddenWordByWord } from './windows.ts';

test.each([
  ['it is SW1A 1AA in London', 'SW1A 1AA'],
  ['k1a 0b1 ottawa', 'k1a 0b1'],
  ['yes n g nine two t d that is it', 'n g nine two t d'],
  ['bravo romeo 8 2 romeo delta', 'bravo romeo 8 2 romeo delta'],
  ['Austin TX 73301-0001', '73301-0001'],
  ['in texas seven three three oh one', 'seven three three oh one'],
  ['we moved to Upper Marling 4021 in June', '4021'],
  ['my zip code is nine oh two one oh', 'nine oh two one oh'],
])('the postcode in "%s" is hidden', (text, code) => {
  expect(hidden(detectPostcodes, text)).toEqual([`POSTCODE: ${code}`]);
});

test.each(['in total 500 people', 'take the M25 west', 'i have a 4 by 4', 'in room 101', 'flight B A 2 to rome'])(
  '"%s" holds no postcode',
  (text) => {
    expect(hidden(detectPostcodes, text)).toEqual([]);
  },
);

test('an answer to a question is hidden with all that was misheard in it', () => {
  expect(hiddenWordByWord(detectAsked, "okay so it's bee for hero to tee kay", 'postcode')).toBe(
    "okay so it's _ _ _ _ _ _",
  );
  expect(hiddenWordByWord(detectAsked, 'the third of jewel 1961 please', 'dob')).toBe('the _ of _ _ please');
  expect(hidden(detectAsked, 'the third of june', 'card')).toEqual([]);
});

test('a turn of nothing but digits and letters is an answer whoever asked', () => {
  expect(hiddenWordByWord(detectAnswers, 'yes b 9 7 sheep q n')).toBe('yes _ _ _ _ _ _');
  expect(hiddenWordByWord(detectAnswers, '03 1961')).toBe('_ _');
});

test.each(['i would like two of the big ones please', 'can you call me back', 'yes please', 'what are my options'])(
  '"%s" is no answer of signs',
  (text) => {
    expect(hidden(detectAnswers, text)).toEqual([]);
  },
);

test.each([
  ['that is p o e', 'p o e'],
  ['b as in boy then', 'b as in boy'],
  ['papa oscar echo', 'papa oscar echo'],
  ['spelled h a TT ie', 'h a TT ie'],
])('the spelling in "%s" is hidden', (text, spelled) => {
  expect(hidden(detectSpelled, text)).toEqual([`SPELLED: ${spelled}`]);
});

test.each(['the u s a', 'an a t m card', 'i have a dog', 'i b m called'])('"%s" spells nothing', (text) => {
  expect(hidden(detectSpelled, text)).toEqual([]);
});

test('health and belonging are told by general terms and by cues', () => {
  expect(hidden(detectSpecialCategories, 'she was diagnosed with a rare fever and is Danish')).toEqual([
    'HEALTH: rare fever',
    'GROUP: Danish',
  ]);
  expect(hidden(detectSpecialCategories, 'my religion does not allow it')).toEqual([]);
});
