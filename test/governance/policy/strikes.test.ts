import { describe, expect, test } from 'vitest';
import { Strikes } from '../../../src/governance/policy/strikes.ts';

describe('strikes', () => {
  test('the third one quarantines, and only that bundle', () => {
    const strikes = new Strikes();

    strikes.add('a');
    strikes.add('a');
    strikes.add('b');

    expect(strikes.isQuarantined('a')).toBe(false);
    expect(strikes.add('a')).toBe(3);
    expect(strikes.isQuarantined('a')).toBe(true);
    expect(strikes.isQuarantined('b')).toBe(false);
  });

  test('the memory of strikes is bounded', () => {
    const strikes = new Strikes();

    for (let n = 0; n <= 1024; n += 1) strikes.add(String(n));

    expect(strikes.count('0')).toBe(0);
    expect(strikes.count('1024')).toBe(1);
  });
});
