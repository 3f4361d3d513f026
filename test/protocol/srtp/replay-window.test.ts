import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplayWindow } from '../../../src/protocol/srtp/replay-window.ts';

test('an index is fresh once', () => {
  const window = new ReplayWindow();

  expect(window.check(5)).toBe('fresh');
  window.commit(5);

  expect(window.check(5)).toBe('seen');
});

test('127 behind the highest is still known, 128 behind is too old', () => {
  const window = new ReplayWindow();
  window.commit(1000);

  expect(window.check(873)).toBe('fresh');
  expect(window.check(872)).toBe('old');
});

test('asking changes nothing', () => {
  const window = new ReplayWindow();
  window.commit(10);

  window.check(5000);

  expect(window.highest).toBe(10);
  expect(window.check(11)).toBe('fresh');
});

test('a window that was restored takes everything up to its highest for seen', () => {
  const window = new ReplayWindow(500);

  expect(window.check(500)).toBe('seen');
  expect(window.check(400)).toBe('seen');
  expect(window.check(501)).toBe('fresh');
});

test('of what a restored window passes over nothing may come late, until all it holds it saw itself', () => {
  const window = new ReplayWindow(500);
  window.commit(700);

  expect(window.check(699)).toBe('seen');
  for (let index = 702; index < 702 + 127; index++) window.commit(index);
  expect(window.check(701)).toBe('seen');
  window.commit(831);

  expect(window.check(830)).toBe('fresh');
  expect(window.check(702)).toBe('old');
  expect(window.check(704)).toBe('seen');
});

test('it agrees with a set that never forgets, wherever it says anything but old', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 300 }), (indices) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      for (const index of indices) {
        const highest = Math.max(-1, ...seen);
        const expected = index <= highest - 128 ? 'old' : seen.has(index) ? 'seen' : 'fresh';

        expect(window.check(index)).toBe(expected);

        if (expected === 'fresh') {
          window.commit(index);
          seen.add(index);
        }
      }
    }),
  );
});
