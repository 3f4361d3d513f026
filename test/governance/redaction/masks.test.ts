import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Masks, type Mask } from '../../../src/governance/redaction/masks.ts';

const mask = (start: number, end: number, name: Partial<Mask> = {}): Mask => ({
  start,
  end,
  type: 'NUMBER',
  confidence: 0.5,
  rule: 'test',
  ...name,
});
const spans = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 6 })), { maxLength: 30 });

test('whatever order findings come in, their union is hidden, in disjoint masks in order', () => {
  fc.assert(
    fc.property(spans, (found) => {
      const masks = new Masks();
      const hidden = new Set<number>();
      for (const [start, length] of found) {
        masks.add(mask(start, start + length));
        for (let at = start; at < start + length; at += 1) hidden.add(at);
      }

      for (let at = 0; at < 40; at += 1) expect(masks.covers(at)).toBe(hidden.has(at));
      const taken = masks.takeUntil(40);
      for (const [index, one] of taken.entries()) expect(one.start).toBeGreaterThanOrEqual(taken[index - 1]?.end ?? 0);
    }),
  );
});

test('letting go never cuts a mask', () => {
  fc.assert(
    fc.property(spans, fc.nat({ max: 40 }), (found, position) => {
      const masks = new Masks();
      for (const [start, length] of found) masks.add(mask(start, start + length));

      const uncut = masks.uncut(position);

      expect(uncut).toBeLessThanOrEqual(position);
      for (const one of masks.takeUntil(uncut)) expect(one.end).toBeLessThanOrEqual(uncut);
    }),
  );
});

test('of findings that overlap the surer gives the name, then the longer, and only the whole has a value', () => {
  const masks = new Masks();
  masks.add(mask(0, 9, { type: 'PHONE', confidence: 0.5, value: '123456789' }));
  masks.add(mask(2, 6, { type: 'CARD', confidence: 1, value: '4111' }));

  expect(masks.takeUntil(99)).toEqual([
    { start: 0, end: 9, type: 'CARD', confidence: 1, rule: 'test', value: undefined, isRest: false },
  ]);
});

test('a finding that grows keeps its name and has the value of the longer one', () => {
  const masks = new Masks();
  masks.add(mask(0, 3, { type: 'PHONE', value: '123' }));
  masks.add(mask(0, 4, { type: 'PHONE', value: '1234' }));

  expect(masks.takeUntil(99)).toMatchObject([{ start: 0, end: 4, type: 'PHONE', value: '1234' }]);
});
