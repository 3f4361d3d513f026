/**
 * SRTP transforms on the native addon: the same bytes as those on node:crypto, several times faster, because a key's
 * contexts are made once. Session keys are derived here as there; the addon gets nothing else.
 */

import { assert } from '../base/assert.ts';
import { wipe } from '../base/bytes.ts';
import { NO_MKI } from '../protocol/srtp/mki.ts';
import { deriveSessionKeys, wipeSessionKeys, type SessionKeys } from '../protocol/srtp/session-keys.ts';
import { suiteShape, type SuiteShape } from '../protocol/srtp/suite.ts';
import type { CreateTransform, SrtpTransform } from '../protocol/srtp/transform.ts';

/** What `srtp.cc` exports. A context is a number; what is not one, or does not fit, throws or is refused with false. */
export interface SrtpExports {
  createSrtp(
    cipherKeyBytes: number,
    saltBytes: number,
    authKeyBytes: number,
    rtpTagBytes: number,
    keys: Uint8Array,
    mki: Uint8Array,
  ): number;
  openSrtp(context: number, packet: Uint8Array, headerBytes: number, roc: number): boolean;
  sealSrtp(context: number, bytes: Uint8Array, sizeBytes: number, headerBytes: number, roc: number): boolean;
  openSrtcp(context: number, packet: Uint8Array): boolean;
  sealSrtcp(context: number, bytes: Uint8Array, sizeBytes: number, index: number): boolean;
  releaseSrtp(context: number): void;
}

/** `createTransform` by the addon, for whoever loaded it. */
export function nativeTransforms(addon: SrtpExports): CreateTransform {
  return (suite, keySalt, mki = NO_MKI) => {
    const keys = deriveSessionKeys(suite, keySalt);
    try {
      return new NativeTransform(addon, suiteShape(suite), keys, mki);
    } finally {
      wipeSessionKeys(keys);
    }
  };
}

const INDEX_BYTES = 4;

/** One master key's contexts in the addon, from its session keys, which are not kept here. */
export class NativeTransform implements SrtpTransform {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  readonly #addon: SrtpExports;
  readonly #context: number;
  /** From the end of an SRTCP packet back to its index word. */
  readonly #indexBehindBytes: number;

  constructor(addon: SrtpExports, shape: SuiteShape, keys: SessionKeys, mki: Uint8Array) {
    const { rtp, rtcp } = keys;
    const all = Buffer.concat([rtp.cipherKey, rtp.salt, rtp.authKey, rtcp.cipherKey, rtcp.salt, rtcp.authKey]);
    this.#addon = addon;
    const { cipherKey, salt, authKey } = rtp;
    try {
      this.#context = addon.createSrtp(cipherKey.length, salt.length, authKey.length, shape.rtpTagBytes, all, mki);
    } finally {
      wipe(all);
    }
    this.rtpOverheadBytes = shape.rtpTagBytes + mki.length;
    this.rtcpOverheadBytes = shape.rtcpTagBytes + INDEX_BYTES + mki.length;
    // GCM puts the tag before the index word, counter mode behind it.
    this.#indexBehindBytes = INDEX_BYTES + mki.length + (shape.mode === 'gcm' ? 0 : shape.rtcpTagBytes);
  }

  openRtp(packet: Buffer, headerBytes: number, roc: number): Buffer | undefined {
    const isAuthentic = this.#addon.openSrtp(this.#context, packet, headerBytes, roc);
    return isAuthentic ? packet.subarray(0, packet.length - this.rtpOverheadBytes) : undefined;
  }

  sealRtp(bytes: Buffer, sizeBytes: number, headerBytes: number, roc: number): void {
    const isSealed = this.#addon.sealSrtp(this.#context, bytes, sizeBytes, headerBytes, roc);
    assert(isSealed, 'a packet to seal has a header, room behind it and a length that UDP can carry');
  }

  readRtcpIndexWord(packet: Buffer): number {
    return packet.readUInt32BE(packet.length - this.#indexBehindBytes);
  }

  openRtcp(packet: Buffer): Buffer | undefined {
    const isAuthentic = this.#addon.openSrtcp(this.#context, packet);
    return isAuthentic ? packet.subarray(0, packet.length - this.rtcpOverheadBytes) : undefined;
  }

  sealRtcp(packet: Buffer, index: number): Buffer {
    const sealed = Buffer.allocUnsafe(packet.length + this.rtcpOverheadBytes);
    sealed.set(packet, 0);
    const isSealed = this.#addon.sealSrtcp(this.#context, sealed, packet.length, index);
    assert(isSealed, 'a packet to seal has a header, a 31-bit index and a length that UDP can carry');
    return sealed;
  }

  wipe(): void {
    this.#addon.releaseSrtp(this.#context);
  }
}
