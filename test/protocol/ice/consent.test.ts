import { expect, test } from 'vitest';
import { Consent } from '../../../src/protocol/ice/consent.ts';

test('consent is given for thirty seconds by each check, and not before the first', () => {
  const consent = new Consent();
  const secondUs = 1_000_000;

  expect(consent.isGiven(0)).toBe(false);
  consent.grant(5 * secondUs);
  expect(consent.isGiven(35 * secondUs - 1)).toBe(true);
  expect(consent.isGiven(35 * secondUs)).toBe(false);
  consent.grant(36 * secondUs);
  consent.grant(7 * secondUs);
  expect(consent.isGiven(65 * secondUs)).toBe(true);
});

test('consent that was taken back is gone until the next check', () => {
  const consent = new Consent();
  consent.grant(1);

  consent.revoke();

  expect(consent.isGiven(2)).toBe(false);
  consent.grant(3);
  expect(consent.isGiven(4)).toBe(true);
});
