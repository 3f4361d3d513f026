import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectAges } from '../../../../src/governance/redaction/detect/ages.ts';
import { detectAnswers, detectAsked } from '../../../../src/governance/redaction/detect/answers.ts';
import { detectDates } from '../../../../src/governance/redaction/detect/dates.ts';
import type { Detector } from '../../../../src/governance/redaction/detect/detector.ts';
import { detectEmail } from '../../../../src/governance/redaction/detect/email.ts';
import { detectIp } from '../../../../src/governance/redaction/detect/ip.ts';
import { detectPostcodes } from '../../../../src/governance/redaction/detect/postcodes.ts';
import { detectSpecialCategories } from '../../../../src/governance/redaction/detect/special-categories.ts';
import { detectSpelled } from '../../../../src/governance/redaction/detect/spelled.ts';
import { detectUrl } from '../../../../src/governance/redaction/detect/url.ts';
import { hiddenWordByWord, tokensOf } from './windows.ts';

const DETECTORS: readonly (readonly [string, Detector])[] = [
  ['email', detectEmail],
  ['url', detectUrl],
  ['ip', detectIp],
  ['dates', detectDates],
  ['ages', detectAges],
  ['postcodes', detectPostcodes],
  ['spelled', detectSpelled],
  ['special categories', detectSpecialCategories],
  ['asked', detectAsked],
  ['answers', detectAnswers],
];

const WORDS =
  'one two nine oh nineteen twenty forty hundred thousand double and of the may june second fifth at dot dash slash colon ' +
  "www http gmail com john smith a i b q bravo to for you um sorry no 5 1982 07 . , : - / @ ' th old years aged in tuesday";
const text = fc.array(fc.constantFrom(...WORDS.split(' ')), { maxLength: 40 }).map((words) => words.join(' '));

test.each(DETECTORS)(
  '%s: every place it answers lies in the window, and it holds nothing that has left',
  (_, detector) => {
    fc.assert(
      fc.property(
        text,
        fc.nat(40),
        fc.boolean(),
        fc.constantFrom(undefined, 'dob' as const, 'email' as const),
        (said, cut, isEnd, asked) => {
          const tokens = tokensOf(said, asked);
          const left = Math.min(cut, tokens.length);
          const { findings, holdFrom } = detector({ tokens, left, isEnd });

          expect(holdFrom).toBeGreaterThanOrEqual(left);
          expect(holdFrom).toBeLessThanOrEqual(tokens.length);
          for (const { start, end } of findings) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThan(Math.max(start, left));
            expect(end).toBeLessThanOrEqual(tokens.length);
          }
        },
      ),
    );
  },
);

test.each(DETECTORS)('%s: the same word again and again ends, and answers', (_, detector) => {
  for (const word of ['9', 'one', 'a', 'dot', 'at', 'x dot', '1.', ':', 'may', 'john', 'http', '@', '5/', 'and'])
    expect(hiddenWordByWord(detector, `${word} `.repeat(8192 / (word.length + 1)))).not.toBe('');
});
