import { expect, test } from 'vitest';
import { Turnstile } from '../../../src/demo/recogniser/turnstile.ts';

test('no more run at a time than fit, in the order they came, failures included', async () => {
  const turnstile = new Turnstile(2);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const tasks = [0, 1, 2, 3].map((name) =>
    turnstile
      .pass(async () => {
        started.push(name);
        await new Promise<void>((resolve) => finish.push(resolve));
        if (name === 1) throw new Error('failed');
      })
      .catch(() => 'failed'),
  );

  await new Promise(setImmediate);
  expect(started).toEqual([0, 1]);
  finish[1]?.();
  await tasks[1];
  await new Promise(setImmediate);
  expect(started).toEqual([0, 1, 2]);

  finish[0]?.();
  await tasks[0];
  await new Promise(setImmediate);
  for (const end of finish) end();
  expect(await Promise.all(tasks)).toEqual([undefined, 'failed', undefined, undefined]);
  await turnstile.settled();
});
