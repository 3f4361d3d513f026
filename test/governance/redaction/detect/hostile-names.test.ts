import { expect, test } from 'vitest';
import { detectAddresses } from '../../../../src/governance/redaction/detect/addresses.ts';
import type { Detector } from '../../../../src/governance/redaction/detect/detector.ts';
import { detectNameSlot } from '../../../../src/governance/redaction/detect/name-slot.ts';
import { detectNames } from '../../../../src/governance/redaction/detect/names.ts';
import { detectOrganisations } from '../../../../src/governance/redaction/detect/organisations.ts';
import { detectPlaces } from '../../../../src/governance/redaction/detect/places.ts';
import type { Token } from '../../../../src/governance/redaction/speech/token.ts';
import { tokensOf } from './windows.ts';

const DETECTORS: readonly (readonly [string, Detector])[] = [
  ['names', detectNames],
  ['addresses', detectAddresses],
  ['places', detectPlaces],
  ['organisations', detectOrganisations],
  ['name slot', detectNameSlot],
];
/** A window never holds more, so the work for each word has to stay below a multiple of it. */
const MAX_LOOKS = 40 * 160;

/** Tokens that count how often they are looked at: time would depend on the machine. */
function countingLooks(tokens: readonly Token[]): { readonly tokens: readonly Token[]; readonly looks: () => number } {
  let looks = 0;
  const counted = new Proxy([...tokens], {
    get(target, key, receiver): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  return { tokens: counted, looks: () => looks };
}

test.each(
  DETECTORS.flatMap(([name, detector]) =>
    [
      'street',
      'four',
      'san',
      'new',
      'zxqwv',
      ',',
      '.',
      'corner of',
      'via',
      'Zxqwv',
      'inc',
      'mrs',
      'van',
      '12 -',
      'box',
    ].map((word) => [name, word, detector] as const),
  ),
)('%s look a bounded number of times at a window full of "%s"', (_, word, detector) => {
  const all = tokensOf(`${word} `.repeat(160)).slice(0, 160);
  const { tokens, looks } = countingLooks(all);

  detector({ tokens, left: 24, isEnd: false });

  expect(looks()).toBeLessThan(MAX_LOOKS);
});

test('a letter of 64 characters and marks of all kinds are only words and marks', () => {
  for (const [, detector] of DETECTORS) {
    const tokens = tokensOf(`${'x'.repeat(8192)} ' ’ \u{1f600} \u0000 ${'-'.repeat(64)} ${"o'".repeat(64)}`);
    const { findings } = detector({ tokens, left: 0, isEnd: true });
    for (const { end } of findings) expect(end).toBeLessThanOrEqual(tokens.length);
  }
});
