import { expect, test } from 'vitest';
import { obtainedScheduling, scheduled } from '../../src/supervisor/scheduling.ts';

test('the call plane goes before everything else, governance after it, from before exec', () => {
  expect(scheduled('call', ['node', 'call.js'], true)).toEqual(['chrt', '--rr', '10', 'node', 'call.js']);
  expect(scheduled('governance', ['node', 'gov.js'], true)).toEqual(['chrt', '--idle', '0', 'node', 'gov.js']);
});

test('where that is not permitted the program is run as it is', () => {
  expect(scheduled('call', ['node', 'call.js'], false)).toEqual(['node', 'call.js']);
});

test('what the kernel gave is read, and not guessed for a process that is gone', () => {
  expect(['other', 'batch', 'rr', 'fifo', 'idle']).toContain(obtainedScheduling(process.pid));
  expect(obtainedScheduling(2 ** 30)).toBe('unknown');
});
