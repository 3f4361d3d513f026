/** Makes the transform of a suite on node:crypto. The one place that knows which file implements which. */

import { AesCmHmacSha1 } from './aes-cm-hmac-sha1.ts';
import { AesGcm } from './aes-gcm.ts';
import { deriveSessionKeys, wipeSessionKeys } from './session-keys.ts';
import { suiteShape, type SrtpSuite } from './suite.ts';
import type { SrtpTransform } from './transform.ts';

/** Derives session keys from `keySalt`, which is not kept. */
export function createTransform(suite: SrtpSuite, keySalt: Uint8Array, mki?: Uint8Array): SrtpTransform {
  const shape = suiteShape(suite);
  const keys = deriveSessionKeys(suite, keySalt);
  const transform = shape.mode === 'gcm' ? new AesGcm(keys, mki) : new AesCmHmacSha1(keys, shape, mki);
  wipeSessionKeys(keys);
  return transform;
}
