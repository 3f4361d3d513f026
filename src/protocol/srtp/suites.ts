/** The cipher suites we have, by their SDES names (RFC 4568 §6.2). The one place that knows which file is which. */

import { assert } from '../../base/assert.ts';
import { AesCmHmacSha1 } from './aes-cm-hmac-sha1.ts';
import type { SrtpTransform } from './transform.ts';

export type SrtpSuite = 'AES_CM_128_HMAC_SHA1_80';

interface SuiteRow {
  /** Bytes of master key and master salt together, as SDES carries them (RFC 4568 §6.1, RFC 3711 §8.2). */
  readonly keySaltBytes: number;
  create(keySalt: Uint8Array): SrtpTransform;
}

const SUITES: Readonly<Record<SrtpSuite, SuiteRow>> = {
  AES_CM_128_HMAC_SHA1_80: {
    keySaltBytes: 30,
    create: (keySalt) =>
      new AesCmHmacSha1({ masterKey: keySalt.subarray(0, 16), masterSalt: keySalt.subarray(16), tagBytes: 10 }),
  },
};

export function keySaltBytes(suite: SrtpSuite): number {
  return SUITES[suite].keySaltBytes;
}

/** Derives session keys from `keySalt`, which is not kept. A wrong length is a bug of ours: SDP was checked before. */
export function createTransform(suite: SrtpSuite, keySalt: Uint8Array): SrtpTransform {
  assert(keySalt.length === keySaltBytes(suite), 'master key and salt have the wrong length');
  return SUITES[suite].create(keySalt);
}
