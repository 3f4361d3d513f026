/** Test vectors of RFC 3711 Appendix B, by number. Behaviour is tested beside this file. */

import { expect, test } from 'vitest';
import { AesCm, deriveKey } from '../../../src/protocol/srtp/aes-cm.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

test('B.2: the AES-CM keystream, its first and its last blocks', () => {
  const blocks = 0xff02;
  const stream = new AesCm(hex('2b7e151628aed2a6abf7158809cf4f3c'), hex('f0f1f2f3f4f5f6f7f8f9fafbfcfd'));
  const keystream = Buffer.alloc(blocks * 16);

  stream.apply(keystream, 0, keystream.length, 0, 0);

  const block = (number: number) => keystream.toString('hex', number * 16, number * 16 + 16);
  expect(block(0)).toBe('e03ead0935c95e80e166b16dd92b4eb4');
  expect(block(1)).toBe('d23513162b02d0f72a43a2fe4a5f97ab');
  expect(block(2)).toBe('41e95b3bb0a2e8dd477901e4fca894c0');
  expect(block(0xfeff)).toBe('ec8cdf7398607cb0f2d21675ea9ea1e4');
  expect(block(0xff00)).toBe('362b7c3c6773516318a077d7fc5073ae');
  expect(block(0xff01)).toBe('6a2cc3787889374fbeb4c81b17ba6c44');
});

test('B.3: session keys from the master key; the authentication key has n_a = 160 bits', () => {
  const master = { key: hex('e1f97a0d3e018be0d64fa32c06de4139'), salt: hex('0ec675ad498afeebb6960b3aabe6') };

  expect(deriveKey(master, 0, 16).toString('hex')).toBe('c61e7a93744f39ee10734afe3ff7a087');
  expect(deriveKey(master, 2, 14).toString('hex')).toBe('30cbbc08863d8c85d49db34a9ae1');
  expect(deriveKey(master, 1, 20).toString('hex')).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

test('B.3: the printed 94 octets of authentication key are the keystream the 160 bits are cut from', () => {
  const master = { key: hex('e1f97a0d3e018be0d64fa32c06de4139'), salt: hex('0ec675ad498afeebb6960b3aabe6') };

  expect(deriveKey(master, 1, 94).toString('hex')).toBe(
    'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef7227098' +
      '6371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
  );
});
