import { expect, test } from 'vitest';
import { crc32 } from '../../../src/protocol/ice/crc32.ts';

test('the checksum is the one of ITU V.42', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  expect(crc32(Buffer.from('123456789xyz'), 9)).toBe(0xcbf43926);
  expect(crc32(Buffer.alloc(0))).toBe(0);
});
