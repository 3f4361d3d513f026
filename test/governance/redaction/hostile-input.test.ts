import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_EVENT_CHARS } from '../../../src/governance/redaction/leg-redactor.ts';
import { createRedactor } from '../../../src/governance/redaction/redactor.ts';
import { NAMED, redact, said, textOf } from './hear.ts';

test('any text at all is taken without a throw', () => {
  const anything = fc
    .array(fc.nat({ max: 0x10ffff }), { maxLength: 100 })
    .map((points) => points.map((point) => String.fromCodePoint(point)).join(''));
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 4 }), (texts) => {
      expect(typeof redact(...texts)).toBe('string');
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['digits', '4'],
  ['spaced digits', '4 '],
  ['dots', '.'],
  ['spelled letters', 'a '],
  ['at signs', '@'],
  ['an address without end', 'a@b.'],
  ['spoken dots', 'a dot '],
  ['homophones', 'to for '],
  ['number words', 'hundred thousand double '],
  ['letters', 'x'],
  ['apostrophes', "a'"],
  ['combining marks', 'e\u0301'],
  ['ligatures that unfold', '\ufdfa'],
  ['spaces', ' \n'],
  ['card after card', '4111111111111111 x '],
])('as much of %s as one result may hold is read without getting stuck, and stay bounded', (_what, unit) => {
  const redactor = createRedactor(NAMED, { resumed: false });
  const event = unit.repeat(Math.floor(MAX_EVENT_CHARS / unit.length));

  redactor.push(said(event));

  expect(textOf(redactor.end()).length).toBeLessThan(10 * MAX_EVENT_CHARS);
});
