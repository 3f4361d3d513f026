import { expect, test } from 'vitest';
import { GapLog } from '../../../src/governance/audio/gap-log.ts';
import { PROCESSOR, STREAM } from './words.ts';

test('holes of one reason become one mark that contains them and counts them', () => {
  const log = new GapLog(STREAM);

  log.note('lost', 20.5, 40);
  log.note('lost', 100, 119.25);

  expect(log.flush()).toEqual([{ gap: { stream: STREAM, reason: 'lost', fromMs: 20, toMs: 120 }, count: 2 }]);
  expect(log.flush()).toEqual([]);
});

test('reasons, and processors that alone missed something, are kept apart', () => {
  const log = new GapLog(STREAM);

  log.note('lost', 0, 20);
  log.note('queue_overflow', 0, 20, PROCESSOR);
  log.note('lost', 0, 20, PROCESSOR);

  expect(log.flush().map(({ gap }) => [gap.reason, gap.processor])).toEqual([
    ['lost', undefined],
    ['queue_overflow', PROCESSOR],
    ['lost', PROCESSOR],
  ]);
});
