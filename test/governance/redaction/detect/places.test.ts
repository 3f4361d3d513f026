import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectOrganisations } from '../../../../src/governance/redaction/detect/organisations.ts';
import { detectPlaces } from '../../../../src/governance/redaction/detect/places.ts';
import type { Detector } from '../../../../src/governance/redaction/detect/detector.ts';
import { hidden, hiddenWordByWord, tokensOf } from './windows.ts';

test.each([
  ['i am from portugal originally', 'COUNTRY: portugal'],
  ['we fly to the united kingdom tomorrow', 'COUNTRY: united kingdom'],
  ['he is a norwegian citizen', 'GROUP: norwegian'],
  ['two slovenians called about it', 'GROUP: slovenians'],
  ['i live in reading now', 'CITY: reading'],
  ['she moved to turkey last year', 'COUNTRY: turkey'],
  ['we are near new zelwick today', 'CITY: new zelwick'],
  ['the branch in Bath is closed', 'CITY: Bath'],
])('the place in "%s" is found', (text, found) => {
  expect(hidden(detectPlaces, text)).toEqual([found]);
});

test.each([
  'do you speak portuguese there',
  'we had turkey for dinner',
  'i was reading the contract in detail',
  'she is in need of a new phone',
  'the united front of it',
  'a mobile city tour for two',
])('"%s" holds no place', (text) => {
  expect(hidden(detectPlaces, text)).toEqual([]);
});

test('a place of three words is held until its last', () => {
  expect(hiddenWordByWord(detectPlaces, 'off to new south wales on business')).toBe('off to _ _ _ on business');
});

test.each([
  ['the invoice of zarvanta ltd is late', 'ORG: zarvanta ltd'],
  ['i work for zarvanta at the moment', 'ORG: zarvanta'],
  ['a letter from three oaks inc arrived', 'ORG: three oaks inc'],
  ['we bought it from zarvanta data systems last year', 'ORG: zarvanta data systems'],
  ['the fund of Zarvanta Public Data is closed', 'ORG: Zarvanta Public Data'],
  ['i worked as a forklift driver for years', 'TITLE: forklift driver'],
])('the body in "%s" is found', (text, found) => {
  expect(hidden(detectOrganisations, text)).toContain(found);
});

test.each([
  'i work for a small company',
  'she works at home with people',
  'your insurance services are slow',
  'The Gold Plan is better than the Silver Plan',
  'it works for free as of today',
])('"%s" names no body', (text) => {
  expect(hidden(detectOrganisations, text)).toEqual([]);
});

test.each<[string, Detector]>([
  ['places', detectPlaces],
  ['organisations', detectOrganisations],
])('findings of %s lie in the window', (_name, detector) => {
  const words = fc.constantFrom(
    'new',
    'south',
    'wales',
    'in',
    'Bath',
    'inc',
    'zarvanta',
    'group',
    '&',
    ',',
    '.',
    'work',
    'for',
    'as',
    'a',
    'Gold',
    'united',
    'turkey',
    'town',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), fc.nat(30), fc.boolean(), (said, gone, isEnd) => {
      const tokens = tokensOf(said.join(' '));
      const left = Math.min(gone, tokens.length);

      const { findings, holdFrom } = detector({ tokens, left, isEnd });

      expect(holdFrom).toBeGreaterThanOrEqual(left);
      for (const { start, end } of findings) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start).toBeLessThan(end);
        expect(end).toBeLessThanOrEqual(tokens.length);
      }
    }),
  );
});
