import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { pii } from '../../src/base/log.ts';

test('a value marked as personal prints as a mark however it is turned into text', () => {
  const marked = pii('4242 4242 4242 4242');

  expect(JSON.stringify({ marked })).toBe('{"marked":"[pii]"}');
  expect(`${String(marked)} ${inspect(marked)}`).not.toContain('4242');
  expect(marked.reveal()).toBe('4242 4242 4242 4242');
});
