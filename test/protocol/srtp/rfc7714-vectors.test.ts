import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { AesGcm } from '../../../src/protocol/srtp/aes-gcm.ts';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import * as rfc7714 from '../../vectors/srtp/rfc7714.ts';
import { fromHex } from './keys.ts';
import { gcmSessionKeys, testRfc7714Vectors } from './rfc7714-vectors.ts';

testRfc7714Vectors({ isMissing: false, by: 'on node:crypto' }, (_, keys) => new AesGcm(keys));

test('§16.1.3, §16.2.3: the tag of an RTP packet that is associated data as a whole', () => {
  for (const [suite, cipher] of [
    ['AEAD_AES_128_GCM', 'aes-128-gcm'],
    ['AEAD_AES_256_GCM', 'aes-256-gcm'],
  ] as const) {
    // SRTP has no bit that says so: such a packet is never sent, and only the cipher itself can be held to it.
    const gcm = createCipheriv(cipher, fromHex(rfc7714.SESSION_KEYS[suite]), fromHex(rfc7714.RTP_IV));
    gcm.setAAD(fromHex(rfc7714.RTP)).final();

    expect(gcm.getAuthTag().toString('hex')).toBe(rfc7714.RTP_TAG_ONLY[suite]);
  }
});

test('a receiver refuses the SRTCP of §17.3 although its tag is true: it was sent in clear', () => {
  const receiver = new SrtpReceiver(new AesGcm(gcmSessionKeys('AEAD_AES_128_GCM')));

  expect(receiver.unprotectRtcp(fromHex(rfc7714.SRTCP_TAG_ONLY.AEAD_AES_128_GCM))).toBe('srtcp_unencrypted');
});
