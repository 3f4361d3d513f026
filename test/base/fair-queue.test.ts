import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from '../../src/base/fair-queue.ts';

test('keys are served in turn, each in its own order', () => {
  const queue = new FairQueue<string, string>({ perKey: 10, total: 100 });
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.offer(item.charAt(0), item);

  const taken = Array.from({ length: 6 }, () => queue.take());

  expect(taken).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect(queue.take()).toBeUndefined();
});

test('a key past its share is refused, and leaves room for the others', () => {
  const queue = new FairQueue<string, number>({ perKey: 2, total: 3 });

  const offers = [
    queue.offer('a', 1),
    queue.offer('a', 2),
    queue.offer('a', 3),
    queue.offer('b', 4),
    queue.offer('c', 5),
  ];

  expect(offers).toEqual([true, true, false, true, true]);
});

test('past the total only who has nothing waiting is let in: many that flood shut nobody out', () => {
  const queue = new FairQueue<string, number>({ perKey: 2, total: 2 });
  queue.offer('a', 1);
  queue.offer('b', 2);

  const offers = [queue.offer('a', 3), queue.offer('c', 4), queue.offer('c', 5)];

  expect(offers).toEqual([false, true, false]);
});

test('an item that does not fit lets the others of its key and the other keys pass', () => {
  const queue = new FairQueue<string, number>({ perKey: 10, total: 100 });
  for (const item of [1, 2, 3]) queue.offer('a', item);
  queue.offer('b', 4);

  expect(queue.take((item) => item % 2 === 0)).toBe(2);
  expect(queue.take((item) => item % 2 === 0)).toBe(4);
  expect(queue.take((item) => item % 2 === 0)).toBeUndefined();
  expect(queue.size).toBe(2);
});

test('whatever is offered, taken back and taken, nothing is lost or doubled, and limits hold', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 4 }),
    act: fc.constantFrom('offer', 'offer', 'take', 'remove'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<number, { key: number }>({ perKey: 3, total: 8 });
      const inside = new Set<{ key: number }>();

      for (const { key, act } of steps) {
        const item = { key };
        if (act === 'offer' && queue.offer(key, item)) inside.add(item);
        if (act === 'take') {
          const taken = queue.take();
          if (taken !== undefined) expect(inside.delete(taken)).toBe(true);
        }
        const own = [...inside].find((one) => one.key === key);
        if (act === 'remove' && own !== undefined) expect(queue.remove(key, own) && inside.delete(own)).toBe(true);
        expect(queue.size).toBe(inside.size);
        expect(inside.size).toBeLessThanOrEqual(8 + 4);
      }

      expect(new Set(queue.drain())).toEqual(inside);
    }),
  );
});
