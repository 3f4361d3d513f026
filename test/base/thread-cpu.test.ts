import { describe, expect, test } from 'vitest';
import { parseThreadStat, threadCpuUs } from '../../src/base/thread-cpu.ts';

describe('CPU time of a thread', () => {
  test('user and system time are added, in microseconds', () => {
    const text = '1234 (node) R 1 1 1 0 -1 4194304 100 0 0 0 7 5 0 0 20 0 11 0 100 1 1';

    expect(parseThreadStat(text)).toBe(120_000);
  });

  test('a name with spaces and brackets does not shift the fields', () => {
    const text = '1234 (a) R 9 9 (b) S 1 1 1 0 -1 4194304 100 0 0 0 3 1 0 0 20 0 11 0 100 1 1';

    expect(parseThreadStat(text)).toBe(40_000);
  });

  test.each(['', 'nonsense', '1 (x) R 1'])('what is not such a line is no time at all: %o', (text) => {
    expect(parseThreadStat(text)).toBeUndefined();
  });

  test('a thread that is not ours has no time', () => {
    expect(threadCpuUs(0)).toBeUndefined();
  });
});
