/**
 * The cipher suites by their SDES names, and how long their keys and tags are (RFC 4568 §6.2, RFC 6188 §4.2, RFC 7714
 * §12). A table: what the suites do with those bytes is said in the transforms.
 */

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

export interface SuiteShape extends KeyLengths {
  readonly mode: 'counter' | 'gcm';
  readonly rtpTagBytes: number;
  /** The suites called _32 shorten the tag of RTP alone: SRTCP keeps 80 bits (RFC 3711 §5.2, RFC 4568 §6.2.2). */
  readonly rtcpTagBytes: number;
}

const GCM = { mode: 'gcm', saltBytes: 12, rtpTagBytes: 16, rtcpTagBytes: 16 } as const;
const COUNTER_80 = { mode: 'counter', saltBytes: 14, rtpTagBytes: 10, rtcpTagBytes: 10 } as const;
const COUNTER_32 = { mode: 'counter', saltBytes: 14, rtpTagBytes: 4, rtcpTagBytes: 10 } as const;

const SHAPES: Readonly<Record<SrtpSuite, SuiteShape>> = {
  AEAD_AES_256_GCM: { ...GCM, keyBytes: 32 },
  AEAD_AES_128_GCM: { ...GCM, keyBytes: 16 },
  AES_256_CM_HMAC_SHA1_80: { ...COUNTER_80, keyBytes: 32 },
  AES_256_CM_HMAC_SHA1_32: { ...COUNTER_32, keyBytes: 32 },
  AES_CM_128_HMAC_SHA1_80: { ...COUNTER_80, keyBytes: 16 },
  AES_CM_128_HMAC_SHA1_32: { ...COUNTER_32, keyBytes: 16 },
};

export function suiteShape(suite: SrtpSuite): SuiteShape {
  return SHAPES[suite];
}

/** Bytes of the suite's master key and of its master salt. */
export function keyLengths(suite: SrtpSuite): KeyLengths {
  return SHAPES[suite];
}

/** Bytes of master key and master salt together, as SDES carries them. */
export function keySaltBytes(suite: SrtpSuite): number {
  const { keyBytes, saltBytes } = SHAPES[suite];
  return keyBytes + saltBytes;
}
