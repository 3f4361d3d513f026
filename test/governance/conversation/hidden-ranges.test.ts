import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinRanges } from '../../../src/governance/conversation/hidden-ranges.ts';

const range = fc
  .record({ startMs: fc.integer({ min: 0, max: 5000 }), ms: fc.integer({ min: 0, max: 300 }) })
  .map(({ startMs, ms }) => ({ startMs, endMs: startMs + ms }));

test('few ranges cover all that was hidden, in order and without touching', () => {
  fc.assert(
    fc.property(fc.array(range), fc.integer({ min: 1, max: 8 }), (ranges, most) => {
      const joined = joinRanges(ranges, most);

      expect(joined.length).toBeLessThanOrEqual(most);
      for (const { startMs, endMs } of ranges) {
        expect(joined.some((one) => one.startMs <= startMs && endMs <= one.endMs)).toBe(true);
      }
      for (const [at, { startMs }] of joined.entries()) {
        if (at > 0) expect(startMs).toBeGreaterThan(joined[at - 1]?.endMs ?? Infinity);
      }
    }),
  );
});

test('past the limit the nearest become one, and the far ones stay apart', () => {
  const ranges = [0, 100, 110, 500].map((startMs) => ({ startMs, endMs: startMs + 5 }));

  expect(joinRanges(ranges, 3)).toEqual([
    { startMs: 0, endMs: 5 },
    { startMs: 100, endMs: 115 },
    { startMs: 500, endMs: 505 },
  ]);
});
