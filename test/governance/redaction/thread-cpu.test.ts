import { expect, test } from 'vitest';
import { parseThreadStat, readThreadCpuMs } from '../../../src/governance/redaction/thread-cpu.ts';

test('user and system time are found behind a name with spaces and parentheses', () => {
  const line = '42 (node) (worker) R 1 42 42 0 -1 4194304 100 0 0 0 7 5 0 0 20 0 12 0 100 0 0';

  expect(parseThreadStat(line)).toBe(120);
});

test('a thread that is not there, or a line that is none, has no time', () => {
  expect(readThreadCpuMs(0)).toBeUndefined();
  expect(parseThreadStat('')).toBeUndefined();
  expect(parseThreadStat('1 (node) R 1')).toBeUndefined();
});
