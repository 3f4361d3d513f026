import { setImmediate as breathe } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inOrder } from '../../../src/cli/redact/in-order.ts';

async function* given(count: number, after: () => void = () => undefined): AsyncGenerator<number> {
  for (let at = 0; at < count; at += 1) {
    await breathe();
    yield at;
  }
  after();
}

test('answers come in order, however long each takes, and no more is taken than may be at once', async () => {
  let busy = 0;
  let busiest = 0;
  const work = async (at: number): Promise<number> => {
    busiest = Math.max(busiest, (busy += 1));
    for (let turns = 0; turns < (at % 3) * 2; turns += 1) await breathe();
    busy -= 1;
    return at;
  };
  const answers: number[] = [];

  for await (const answer of inOrder(given(20), work, () => 3)) answers.push(answer);

  expect(answers).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(busiest).toBeGreaterThan(1);
  expect(busiest).toBeLessThanOrEqual(3);
});

test('an answer does not wait for what is given next', async () => {
  async function* endless(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => undefined);
  }
  const answers = inOrder(
    endless(),
    (one) => Promise.resolve(one),
    () => 4,
  );

  expect(await answers.next()).toEqual({ done: false, value: 1 });
  expect(await answers.return(undefined)).toMatchObject({ done: true });
});

test('what was given before a failure is answered before it is said', async () => {
  const failing = given(3, () => {
    throw new Error('no more');
  });
  const answers: number[] = [];
  const run = async (): Promise<void> => {
    for await (const answer of inOrder(
      failing,
      (one) => Promise.resolve(one),
      () => 8,
    ))
      answers.push(answer);
  };

  await expect(run()).rejects.toThrow('no more');
  expect(answers).toEqual([0, 1, 2]);
});

test('work that fails ends it after the answers before', async () => {
  const answers: number[] = [];
  const work = (one: number): Promise<number> =>
    one === 2 ? Promise.reject(new Error('broken')) : Promise.resolve(one);
  const run = async (): Promise<void> => {
    for await (const answer of inOrder(given(9), work, () => 8)) answers.push(answer);
  };

  await expect(run()).rejects.toThrow('broken');
  expect(answers).toEqual([0, 1]);
});
