import { expect, test } from 'vitest';
import { monthAfter, monthOf } from '../../src/store/month.ts';

test('a month is named by its year and number, in UTC', () => {
  expect(monthOf(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).toBe(202611);
  expect(monthOf(Date.UTC(2026, 11, 1))).toBe(202612);
});

test('the month after December is January of the next year', () => {
  expect(monthAfter(202611)).toBe(202612);
  expect(monthAfter(202612)).toBe(202701);
});
