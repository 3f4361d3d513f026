/** Test vectors of RFC 7714 §16 and §17, by number, for any transform that is made from session keys. */

import { expect, test } from 'vitest';
import type { SessionKeys } from '../../../src/protocol/srtp/session-keys.ts';
import type { SrtpTransform } from '../../../src/protocol/srtp/transform.ts';
import * as rfc7714 from '../../vectors/srtp/rfc7714.ts';
import { fromHex } from './keys.ts';
import { sealRtp } from './seal-rtp.ts';

const SECTIONS = [
  { suite: 'AEAD_AES_128_GCM', encrypt: '16.1.1', decrypt: '16.1.2', srtcp: '17.1', tagOnly: '17.3' },
  { suite: 'AEAD_AES_256_GCM', encrypt: '16.2.1', decrypt: '16.2.2', srtcp: '17.2', tagOnly: '17.4' },
] as const;

type GcmSuite = (typeof SECTIONS)[number]['suite'];

/** The same session key and salt for RTP and RTCP, as the RFC has them. */
export function gcmSessionKeys(suite: GcmSuite): SessionKeys {
  const keys = {
    cipherKey: fromHex(rfc7714.SESSION_KEYS[suite]),
    salt: fromHex(rfc7714.SESSION_SALT),
    authKey: Buffer.alloc(0),
  };
  return { rtp: keys, rtcp: keys };
}

/** Adds a test for each vector that a packet transform can show. */
export function testRfc7714Vectors(
  { isMissing, by }: { readonly isMissing: boolean; readonly by: string },
  create: (suite: GcmSuite, keys: SessionKeys) => SrtpTransform,
): void {
  for (const { suite, encrypt, decrypt, srtcp, tagOnly } of SECTIONS) {
    const transform = () => create(suite, gcmSessionKeys(suite));

    test.skipIf(isMissing)(`§${encrypt}: ${suite} seals the SRTP packet as printed, ${by}`, () => {
      expect(sealRtp(transform(), fromHex(rfc7714.RTP), 12, 0).toString('hex')).toBe(rfc7714.SRTP[suite]);
    });

    test.skipIf(isMissing)(`§${decrypt}: ${suite} opens the SRTP packet as printed, ${by}`, () => {
      expect(transform().openRtp(fromHex(rfc7714.SRTP[suite]), 12, 0)?.toString('hex')).toBe(rfc7714.RTP);
    });

    test.skipIf(isMissing)(`§${srtcp}: ${suite} seals and opens the SRTCP packet as printed, ${by}`, () => {
      const sealed = transform().sealRtcp(fromHex(rfc7714.RTCP), rfc7714.RTCP_INDEX);

      expect(sealed.toString('hex')).toBe(rfc7714.SRTCP[suite]);
      expect(transform().openRtcp(sealed)?.toString('hex')).toBe(rfc7714.RTCP);
    });

    test.skipIf(isMissing)(`§${tagOnly}: ${suite} verifies the SRTCP packet that is only tagged, ${by}`, () => {
      const tagged = fromHex(rfc7714.SRTCP_TAG_ONLY[suite]);
      const changed = Buffer.from(tagged);
      changed[30]! ^= 1;

      expect(transform().openRtcp(changed)).toBeUndefined();
      expect(transform().openRtcp(tagged)?.toString('hex')).toBe(rfc7714.RTCP);
    });
  }
}
