/**
 * What a cipher suite does to one packet, and nothing more: no index state, no replay, no guessing. Suites stand behind
 * this interface so that a native implementation, or an AEAD one, takes their place without its callers noticing.
 */

import type { SrtpSuite } from './suite.ts';

/** Makes the transform of one master key; `keySalt` is not kept. `mki` is carried and demanded in every packet. */
export type CreateTransform = (suite: SrtpSuite, keySalt: Uint8Array, mki?: Uint8Array) => SrtpTransform;

export interface SrtpTransform {
  /** Bytes that sealing adds to an RTP packet, and to an RTCP packet. */
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  /** Verifies, then decrypts in place: a view without the tag, or undefined, with the packet untouched, if not authentic. */
  openRtp(packet: Buffer, headerBytes: number, roc: number): Buffer | undefined;
  /** Encrypts the packet in the first `sizeBytes` of `bytes`; what sealing adds goes into the room behind it. */
  sealRtp(bytes: Buffer, sizeBytes: number, headerBytes: number, roc: number): void;
  /** The E bit (highest) and 31-bit index of an SRTCP packet that is long enough, not yet verified. */
  readRtcpIndexWord(packet: Buffer): number;
  /** As `openRtp`. With the E bit clear nothing is decrypted, only verified: whether to take that is the caller's to say. */
  openRtcp(packet: Buffer): Buffer | undefined;
  sealRtcp(packet: Buffer, index: number): Buffer;
  /** Zeroes what it holds of the key; afterwards it must not be used. */
  wipe(): void;
}
