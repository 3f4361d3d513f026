import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedQueue } from '../../src/base/queue.ts';

test('a full drop-oldest queue gives back what it lost and keeps the newest', () => {
  const queue = new BoundedQueue<number>({ capacity: 2, onFull: 'drop-oldest' });
  queue.push(1);
  queue.push(2);

  expect(queue.push(3)).toBe(1);

  expect(queue.drain()).toEqual([2, 3]);
  expect(queue.dropped).toBe(1);
});

test('a refusing queue hands the item back and loses nothing', () => {
  const queue = new BoundedQueue<number>({ capacity: 1, onFull: 'refuse' });
  queue.push(1);

  expect(queue.push(2)).toBe(2);

  expect(queue.dropped).toBe(0);
  expect(queue.drain()).toEqual([1]);
});

test('a queue never holds more than its capacity and never reorders', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.option(fc.nat(), { nil: undefined })),
      (capacity, steps) => {
        const queue = new BoundedQueue<number>({ capacity, onFull: 'drop-oldest' });
        let model: number[] = [];
        for (const step of steps) {
          if (step === undefined) expect(queue.shift()).toBe(model.shift());
          else {
            queue.push(step);
            model = [...model, step].slice(-capacity);
          }
          expect(queue.length).toBe(model.length);
        }
        expect(queue.drain()).toEqual(model);
      },
    ),
  );
});
