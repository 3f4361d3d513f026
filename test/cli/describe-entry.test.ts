import { expect, test } from 'vitest';
import { describeEntry } from '../../src/cli/describe-entry.ts';

const utc = (): number => 0;

test('when a token expires is said as a date, and how long something took as a span', () => {
  const token = { kind: 'access.token', action: 'issued', holder: 'bob', expires_ms: Date.UTC(2026, 2, 1, 12) };
  const outcome = { kind: 'release.outcome', outcome: 'answered', took_ms: 1200 };

  expect(describeEntry(token, utc)).toBe('action issued, holder bob, expires 2026-03-01T12:00:00+00:00');
  expect(describeEntry(outcome, utc)).toBe('outcome answered, took 1.2 s');
});
