import { expect, test } from 'vitest';
import { isDrivingLicence, isMedicare, isNhsNumber } from '../../../../src/governance/redaction/detect/national-ids.ts';
import { detectNumbers } from '../../../../src/governance/redaction/detect/numbers.ts';
import { say } from '../speech/say.ts';

test('check digits of the health services are those they publish', () => {
  expect([isNhsNumber('9434765919'), isNhsNumber('9434765918'), isNhsNumber('943476591')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([isMedicare('2123456701'), isMedicare('2123456711'), isMedicare('9123456701')]).toEqual([true, false, false]);
});

test('a British driving licence has the surname, the date of birth and the initials in their places', () => {
  expect(isDrivingLicence('MORGA657054SM9IJ')).toBe(true);
  expect(isDrivingLicence('MORGA697054SM9IJ')).toBe(false);
});

test.each([
  ['AB123456C', 'id.nino'],
  ['12345678Z', 'id.es_dni'],
  ['X1234567L', 'id.es_nie'],
  ['RSSMRA85T10A562S', 'id.it_codice'],
  ['my nhs number 9434765919', 'id.uk_nhs'],
  ['my aadhaar 2341 2341 2346', 'id.in_aadhaar'],
  ['my pesel 44051401359', 'id.pl_pesel'],
  ['my sin number 046 454 286', 'id.ca_sin'],
])('%s is known by its check digit', (text, rule) => {
  expect(detectNumbers(say(text)).findings).toMatchObject([{ type: 'NATIONAL_ID', confidence: 1, rule }]);
});
