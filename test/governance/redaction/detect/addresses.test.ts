import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectAddresses } from '../../../../src/governance/redaction/detect/addresses.ts';
import { hidden, hiddenWordByWord, tokensOf } from './windows.ts';

test.each([
  ['we moved to forty two oak street last week', 'forty two oak street'],
  ['it went to 12 Baker Street, London then', '12 Baker Street, London'],
  [
    'i am at nine one four rue des tilleuls apartment six zarzis tunisia now',
    'nine one four rue des tilleuls apartment six zarzis tunisia',
  ],
  ['the shop is on lindenstraße 14 and it is small', 'lindenstraße 14'],
  ['deliver to 31 kallioniemenkatu two five please', '31 kallioniemenkatu two five'],
  ['she is in apt 5 and he is not', 'apt 5'],
  ['write to p o box 1204 please', 'box 1204'],
  [
    'his post goes to psc three one box nine apo ae zero nine one two three as before',
    'psc three one box nine apo ae zero nine one two three',
  ],
  ['77 north zelwick avenue suite 300 trenton nj 08601 is right', '77 north zelwick avenue suite 300 trenton nj 08601'],
  ['meet me at the corner of zelwick and 5th avenue please', 'zelwick and 5th avenue'],
  ['it is via garibaldi twelve i think', 'via garibaldi twelve'],
])('the address in "%s" is hidden', (text, address) => {
  expect(hidden(detectAddresses, text)).toEqual([`ADDRESS: ${address}`]);
});

test.each([
  'it takes ten minutes to drive there',
  'i paid twenty dollars for three of them',
  'turn left at the second street and go two blocks',
  'we are two close friends',
  'the street was closed',
  'i have 20 gigabytes left',
  'there is one way to place an order',
  'please hold the line for one moment',
])('"%s" holds no address', (text) => {
  expect(hidden(detectAddresses, text)).toEqual([]);
});

test('the house number is held until the street is told', () => {
  expect(hiddenWordByWord(detectAddresses, 'ship it to forty two oak street please')).toBe('ship it to _ _ _ _ please');
});

test('a counted thing is not held longer than its measure', () => {
  const tokens = tokensOf('that was twenty dollars');

  expect(detectAddresses({ tokens, left: 0, isEnd: false }).holdFrom).toBe(tokens.length);
});

test('findings lie in the window, however the parts of addresses are mixed', () => {
  const words = fc.constantFrom(
    '12',
    'four',
    'rue',
    'via',
    'street',
    'st',
    '.',
    ',',
    '-',
    'apt',
    'apo',
    'box',
    'corner',
    'of',
    'and',
    'zelwick',
    'new',
    'north',
    'in',
    'nj',
    'united',
    'kingdom',
    'dollars',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), fc.nat(30), fc.boolean(), (said, gone, isEnd) => {
      const tokens = tokensOf(said.join(' '));
      const left = Math.min(gone, tokens.length);

      const { findings, holdFrom } = detectAddresses({ tokens, left, isEnd });

      expect(holdFrom).toBeGreaterThanOrEqual(left);
      for (const { start, end } of findings) {
        expect(start).toBeLessThan(end);
        expect(end).toBeLessThanOrEqual(tokens.length);
      }
    }),
  );
});
