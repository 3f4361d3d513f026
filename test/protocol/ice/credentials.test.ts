import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeCredentials } from '../../../src/protocol/ice/credentials.ts';

test('credentials are long enough, of the ICE characters alone, and hold all the chance they took', () => {
  let takenBytes = 0;
  const counting = (sizeBytes: number): Uint8Array => {
    takenBytes += sizeBytes;
    return createHash('sha256').update(String(takenBytes)).digest().subarray(0, sizeBytes);
  };

  const { ufrag, password } = makeCredentials(counting);

  expect(ufrag).toMatch(/^[A-Za-z0-9+/]{4,32}$/);
  expect(password).toMatch(/^[A-Za-z0-9+/]{22,256}$/);
  expect((ufrag.length + password.length) * 6).toBe(takenBytes * 8);
  expect(password.length * 6).toBeGreaterThanOrEqual(128);
});

test('no two are the same', () => {
  const made = Array.from({ length: 50 }, () => makeCredentials((sizeBytes) => randomBytes(sizeBytes)));

  expect(new Set(made.flatMap(({ ufrag, password }) => [ufrag, password])).size).toBe(100);
});
