import { expect, test } from 'vitest';
import { SerialWork } from '../../../src/governance/use-cases/serial-work.ts';

test('work is done one piece after another, and what is too much is refused at once', async () => {
  const done: number[] = [];
  const work = new SerialWork({ capacity: 2, onBroken: () => undefined });

  const taken = [1, 2, 3].map((piece) => work.add(async () => void done.push(await Promise.resolve(piece))));
  await work.idle();

  expect(taken).toEqual([true, true, false]);
  expect(done).toEqual([1, 2]);
  expect(work.add(() => Promise.resolve())).toBe(true);
});

test('a piece that breaks is heard of, and ends nothing but itself', async () => {
  const broken: unknown[] = [];
  const done: number[] = [];
  const work = new SerialWork({ capacity: 2, onBroken: (error) => broken.push(error) });

  work.add(() => Promise.reject(new Error('one')));
  work.add(() => Promise.resolve(void done.push(2)));
  await work.idle();

  expect(broken).toEqual([new Error('one')]);
  expect(done).toEqual([2]);
});
