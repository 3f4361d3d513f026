import { expect, test } from 'vitest';
import { kindsOf, loadLexicon, placesBeginning } from '../../../../src/governance/redaction/lexicon/lexicon.ts';
import {
  CITY,
  CLOSED,
  COUNTRY,
  EVERYDAY,
  FIRST,
  HOUSE_PART,
  LAST,
  MEASURE,
  ORDINARY,
  PEOPLE,
  PERSONAL,
  STREET_ENDING,
  TITLE,
  WHOLE_STREET,
} from '../../../../src/governance/redaction/lexicon/word-kinds.ts';

function is(word: string, kind: number): boolean {
  return (kindsOf(word) & kind) === kind;
}

test.each([
  'invoice',
  'invoices',
  'cancelled',
  'canceled',
  'wifi',
  'refunded',
  'thermostat',
  'gonna',
  'yeah',
  'um',
  'wednesday',
  'october',
  'seventeen',
  'foxtrot',
  "shouldn't",
  'dont',
  "company's",
  'lemurs',
])('"%s" is an ordinary word of talk', (word) => {
  expect(is(word, ORDINARY)).toBe(true);
});

test.each(['zdenka', 'brzezinski', 'olorunfemi', 'costaflow', 'kallioniemi', "o'dowd", 'wojciechowska'])(
  '"%s" is in no dictionary',
  (word) => {
    expect(is(word, ORDINARY)).toBe(false);
  },
);

test.each([
  ['and', CLOSED],
  ['house', EVERYDAY],
  ['declan', FIRST],
  ['smith', LAST],
  ['mark', FIRST],
  ['tony', PERSONAL],
  ['mrs', TITLE],
  ['leeds', CITY],
  ['portugal', COUNTRY],
  ['portuguese', PEOPLE],
  ['avenue', STREET_ENDING],
  ['apartment', HOUSE_PART],
  ['minutes', MEASURE],
  ['lindenstraße', WHOLE_STREET],
  ['mannerheimintie', WHOLE_STREET],
])('"%s" is known for what it is', (word, kind) => {
  expect(is(word, kind)).toBe(true);
});

test('everyday words are no first names unless people bear them', () => {
  expect(is('river', FIRST)).toBe(false);
  expect(is('grace', FIRST)).toBe(true);
  expect(is('grace', PERSONAL)).toBe(false);
});

test('names are known without their accents too', () => {
  expect(is('françois', FIRST)).toBe(true);
  expect(is('francois', FIRST)).toBe(true);
});

test('a possessive is the word it belongs to', () => {
  expect(kindsOf("declan's")).toBe(kindsOf('declan'));
  expect(kindsOf('declan’s')).toBe(kindsOf('declan'));
});

test('a place of several words is found by its first two', () => {
  expect(placesBeginning('united', 'kingdom')).toContainEqual({ rest: ['kingdom'], kind: COUNTRY });
  expect(placesBeginning('united', 'front')).toBeUndefined();
});

test('words that every object has are not mistaken for known ones', () => {
  for (const word of ['constructor', '__proto__', 'hasOwnProperty']) expect(typeof kindsOf(word)).toBe('number');
  expect(placesBeginning('__proto__', 'constructor')).toBeUndefined();
});

test('loading twice changes nothing', () => {
  const before = kindsOf('leeds');

  loadLexicon();

  expect(kindsOf('leeds')).toBe(before);
});
