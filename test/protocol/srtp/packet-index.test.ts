import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guessIndex, MAX_RTP_INDEX } from '../../../src/protocol/srtp/packet-index.ts';

test('the first packet of a source has roll-over counter 0', () => {
  expect(guessIndex(-1, 65535)).toBe(65535);
});

test('a small number after a large one belongs to the next cycle, a large one after a small to the last', () => {
  expect(guessIndex(65535, 0)).toBe(65536);
  expect(guessIndex(65536, 65535)).toBe(65535);
});

test('a packet before the first cycle is negative, not wrapped', () => {
  expect(guessIndex(3, 65530)).toBe(-6);
});

test('past the last index of a key the guess says so', () => {
  expect(guessIndex(MAX_RTP_INDEX, 0)).toBe(MAX_RTP_INDEX + 1);
});

test('an index less than half a cycle away is always guessed right', () => {
  const highest = fc.integer({ min: 40_000, max: 2 ** 47 });
  fc.assert(
    fc.property(highest, fc.integer({ min: -32767, max: 32767 }), (from, distance) => {
      expect(guessIndex(from, (from + distance) % 65536)).toBe(from + distance);
    }),
  );
});
