/** The cipher suites by their SDES names, and how long their keys are (RFC 4568 §6.2, RFC 6188 §4.2, RFC 7714 §14.2). */

export const SRTP_SUITES = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
] as const;
export type SrtpSuite = (typeof SRTP_SUITES)[number];

interface KeyLengths {
  readonly keyBytes: number;
  readonly saltBytes: number;
}

const LENGTHS: Readonly<Record<SrtpSuite, KeyLengths>> = {
  AEAD_AES_256_GCM: { keyBytes: 32, saltBytes: 12 },
  AEAD_AES_128_GCM: { keyBytes: 16, saltBytes: 12 },
  AES_256_CM_HMAC_SHA1_80: { keyBytes: 32, saltBytes: 14 },
  AES_256_CM_HMAC_SHA1_32: { keyBytes: 32, saltBytes: 14 },
  AES_CM_128_HMAC_SHA1_80: { keyBytes: 16, saltBytes: 14 },
  AES_CM_128_HMAC_SHA1_32: { keyBytes: 16, saltBytes: 14 },
};

/** Bytes of the suite's master key and of its master salt. */
export function keyLengths(suite: SrtpSuite): KeyLengths {
  return LENGTHS[suite];
}

/** Bytes of master key and master salt together, as SDES carries them. */
export function keySaltBytes(suite: SrtpSuite): number {
  const { keyBytes, saltBytes } = LENGTHS[suite];
  return keyBytes + saltBytes;
}
