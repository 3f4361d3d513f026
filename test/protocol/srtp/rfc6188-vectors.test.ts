/** Test vectors of RFC 6188 §7, by number. */

import { expect, test } from 'vitest';
import { AesCm } from '../../../src/protocol/srtp/aes-cm.ts';
import { deriveSessionKeys } from '../../../src/protocol/srtp/session-keys.ts';
import { AES_256_CM, AES_256_CM_PRF } from '../../vectors/srtp/rfc6188.ts';
import { fromHex, keystreamBlocks } from './keys.ts';

test('§7.1: the AES-256-CM keystream, its first and its last blocks', () => {
  const stream = new AesCm(fromHex(AES_256_CM.sessionKey), fromHex(AES_256_CM.sessionSalt));

  expect(keystreamBlocks(stream, [...AES_256_CM.blocks.keys()])).toEqual(AES_256_CM.blocks);
});

test('§7.2: session keys of the 256-bit suites are made by AES-256, the master key whole', () => {
  const keySalt = fromHex(AES_256_CM_PRF.masterKey + AES_256_CM_PRF.masterSalt);

  for (const suite of ['AES_256_CM_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_32'] as const) {
    const { rtp } = deriveSessionKeys(suite, keySalt);

    expect(rtp.cipherKey.toString('hex')).toBe(AES_256_CM_PRF.cipherKey);
    expect(rtp.salt.toString('hex')).toBe(AES_256_CM_PRF.cipherSalt);
    expect(rtp.authKey.toString('hex')).toBe(AES_256_CM_PRF.authKey);
  }
});
