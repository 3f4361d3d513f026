import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPocketsphinx } from '../../../src/demo/recogniser/pocketsphinx-output.ts';

test('words are read with their times, without silences and pronunciation marks', () => {
  const output = [
    'i would like to pay',
    '<s> 0.030 0.150 0.999800',
    "i'd 0.860 0.970 0.978923",
    '<sil> 0.980 1.000 1.000000',
    'to(3) 1.600 1.740 1.000600',
    '[NOISE] 1.750 1.800 0.500000',
    '</s> 2.780 3.020 1.000000',
  ].join('\n');

  const heard = readPocketsphinx(output, 1000);

  expect(heard).toEqual({
    text: "i'd to",
    words: [
      { text: "i'd", startMs: 1860, endMs: 1970, confidence: 0.978923 },
      { text: 'to', startMs: 2600, endMs: 2740, confidence: 1 },
    ],
  });
});

test('any other output is nothing heard, never an error', () => {
  fc.assert(
    fc.property(fc.string(), (output) => {
      expect(readPocketsphinx(output, 0).words.every((word) => word.startMs >= 0 && word.confidence <= 1)).toBe(true);
    }),
  );
});
