import { expect, test } from 'vitest';
import { Cues } from '../../../src/demo/softphone/cues.ts';

test('recordings are played one after another with silence between, the last frame filled up', async () => {
  const cues = new Cues(2);
  const first = cues.add(Int16Array.of(1, 2, 3), 1);
  const second = cues.add(Int16Array.of(9), 0);

  const frames = Array.from({ length: 5 }, (_, frame) => [...cues.take(frame)]);

  expect(frames).toEqual([
    [0, 0],
    [1, 2],
    [3, 0],
    [9, 0],
    [0, 0],
  ]);
  await Promise.all([first, second]);
});

test('an empty recording is over at once, and clearing ends every wait', async () => {
  const cues = new Cues(2);

  await cues.add(new Int16Array(0), 0);
  const waiting = cues.add(Int16Array.of(1), 1000);
  cues.clear();

  await waiting;
  expect([...cues.take(1000)]).toEqual([0, 0]);
});
