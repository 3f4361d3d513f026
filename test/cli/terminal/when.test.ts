import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMoment, formatSpan, readMoment, readSpan } from '../../../src/cli/terminal/when.ts';

const NOW = Date.UTC(2026, 2, 1, 12, 0, 0);

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
  ['0s', 0],
])('%s is a span', (text, ms) => {
  expect(readSpan(text)).toBe(ms);
});

test.each(['', '1', 'h', '1.5h', '-1h', '1 h', '1y', '1h30m', '9999999s', '1H'])('%j is no span', (text) => {
  expect(readSpan(text)).toBeUndefined();
});

test('a moment is a span ago, a date, or a date and a time with or without a zone', () => {
  expect(readMoment('1h', NOW)).toBe(NOW - 3_600_000);
  expect(readMoment('2026-03-01T08:00Z', NOW)).toBe(Date.UTC(2026, 2, 1, 8));
  expect(readMoment('2026-03-01T08:00:30.5+02:00', NOW)).toBe(Date.UTC(2026, 2, 1, 6, 0, 30, 500));
  expect(readMoment('2026-03-01', NOW)).toBe(new Date(2026, 2, 1).getTime());
  expect(readMoment('2026-03-01T08:00', NOW)).toBe(new Date(2026, 2, 1, 8).getTime());
  expect(readMoment('999999w', NOW)).toBe(0);
});

test.each(['', 'yesterday', '2026-13-01', '2026-02-30T25:00', '01.03.2026', '2026-03-01 08:00', '1772366400000'])(
  '%j is no moment',
  (text) => {
    expect(readMoment(text, NOW)).toBeUndefined();
  },
);

test('a moment is shown in ISO 8601 with the zone it is shown in', () => {
  expect(formatMoment(NOW, () => 0)).toBe('2026-03-01T12:00:00+00:00');
  expect(formatMoment(NOW, () => 60)).toBe('2026-03-01T13:00:00+01:00');
  expect(formatMoment(NOW, () => -210)).toBe('2026-03-01T08:30:00-03:30');
});

test('what is shown is read back as the same second, in any zone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: -840, max: 840 }), (ms, zone) => {
      expect(
        readMoment(
          formatMoment(ms, () => zone),
          NOW,
        ),
      ).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});

test.each([
  [0, '0.0 s'],
  [4250, '4.2 s'],
  [59_999, '59.9 s'],
  [60_000, '1 m 00 s'],
  [185_000, '3 m 05 s'],
  [3_600_000, '1 h 00 m'],
  [90_061_000, '1 d 1 h'],
])('%i ms is %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
