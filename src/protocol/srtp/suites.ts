/** Makes the transform of a suite. The one place that knows which file implements which. */

import { assert } from '../../base/assert.ts';
import { AesCmHmacSha1 } from './aes-cm-hmac-sha1.ts';
import { keyLengths, keySaltBytes, type SrtpSuite } from './suite.ts';
import type { SrtpTransform } from './transform.ts';

/** Derives session keys from `keySalt`, which is not kept. A wrong length is a bug of ours: SDP was checked before. */
export function createTransform(suite: SrtpSuite, keySalt: Uint8Array): SrtpTransform {
  assert(keySalt.length === keySaltBytes(suite), 'master key and salt have the wrong length');
  const { keyBytes } = keyLengths(suite);
  assert(suite === 'AES_CM_128_HMAC_SHA1_80', 'a suite we negotiated is one we have');
  return new AesCmHmacSha1({
    masterKey: keySalt.subarray(0, keyBytes),
    masterSalt: keySalt.subarray(keyBytes),
    tagBytes: 10,
  });
}
