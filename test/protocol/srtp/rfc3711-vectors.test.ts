/** Test vectors of RFC 3711 Appendix B, by number. Behaviour is tested beside this file. */

import { expect, test } from 'vitest';
import { AesCm } from '../../../src/protocol/srtp/aes-cm.ts';
import { deriveKey, deriveSessionKeys } from '../../../src/protocol/srtp/session-keys.ts';
import { B2, B3 } from '../../vectors/srtp/rfc3711.ts';
import { fromHex, keystreamBlocks } from './keys.ts';

const master = { key: fromHex(B3.masterKey), salt: fromHex(B3.masterSalt) };

test('B.2: the AES-CM keystream, its first and its last blocks', () => {
  const stream = new AesCm(fromHex(B2.sessionKey), fromHex(B2.sessionSalt));

  expect(keystreamBlocks(stream, [...B2.blocks.keys()])).toEqual(B2.blocks);
});

test('B.3: session keys from the master key; the authentication key has n_a = 160 bits', () => {
  const { rtp, rtcp } = deriveSessionKeys('AES_CM_128_HMAC_SHA1_80', Buffer.concat([master.key, master.salt]));

  expect(rtp.cipherKey.toString('hex')).toBe(B3.cipherKey);
  expect(rtp.salt.toString('hex')).toBe(B3.cipherSalt);
  expect(rtp.authKey.toString('hex')).toBe(B3.authKeyStream.slice(0, 40));
  expect([rtp.authKey.length, rtcp.authKey.length]).toEqual([B3.authKeyBytes, B3.authKeyBytes]);
});

test('B.3: the printed 94 octets of authentication key are the keystream the 160 bits are cut from', () => {
  expect(deriveKey(master, 1, 94).toString('hex')).toBe(B3.authKeyStream);
});

test('n_a is 160 bits for the suites with a tag of 32 bits as well', () => {
  const { rtp } = deriveSessionKeys('AES_CM_128_HMAC_SHA1_32', Buffer.concat([master.key, master.salt]));

  expect(rtp.authKey.toString('hex')).toBe(B3.authKeyStream.slice(0, 40));
});
