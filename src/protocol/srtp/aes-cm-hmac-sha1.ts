/**
 * AES counter mode with a truncated HMAC-SHA1 tag (RFC 3711 §4.1.1, §4.2.1, RFC 6188): the suites every SDES peer has.
 * It knows nothing of indices beyond the one it is told.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { wipe } from '../../base/bytes.ts';
import { readUint32, rtpSequence, rtpSsrc, writeUint32 } from '../rtp/header.ts';
import { AesCm } from './aes-cm.ts';
import { isMkiAt, NO_MKI } from './mki.ts';
import { SEQUENCES } from './packet-index.ts';
import type { SessionKeys } from './session-keys.ts';
import type { SrtpTransform } from './transform.ts';

/*
 *  SRTP   | RTP header | encrypted payload | MKI | tag |                      tag over all before the MKI, then the ROC
 *  SRTCP  | first 8 bytes | encrypted rest | E + 31-bit index | MKI | tag |   tag over all before the MKI
 */
const RTCP_CLEAR_BYTES = 8;
const INDEX_BYTES = 4;
const ENCRYPTED_BIT = 0x8000_0000;

export interface TagSizes {
  /** 10 for the …_80 suites, 4 for the …_32. */
  readonly rtpTagBytes: number;
  readonly rtcpTagBytes: number;
}

export class AesCmHmacSha1 implements SrtpTransform {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  readonly #rtpTagBytes: number;
  readonly #rtcpTagBytes: number;
  readonly #mki: Uint8Array;
  readonly #rtpCipher: AesCm;
  readonly #rtcpCipher: AesCm;
  readonly #rtpAuthKey: Buffer;
  readonly #rtcpAuthKey: Buffer;
  readonly #roc = Buffer.alloc(4);

  /** `keys` are copied: the caller wipes its own. */
  constructor(keys: SessionKeys, { rtpTagBytes, rtcpTagBytes }: TagSizes, mki: Uint8Array = NO_MKI) {
    this.#rtpTagBytes = rtpTagBytes;
    this.#rtcpTagBytes = rtcpTagBytes;
    this.#mki = Uint8Array.from(mki);
    this.rtpOverheadBytes = mki.length + rtpTagBytes;
    this.rtcpOverheadBytes = INDEX_BYTES + mki.length + rtcpTagBytes;
    this.#rtpAuthKey = Buffer.from(keys.rtp.authKey);
    this.#rtcpAuthKey = Buffer.from(keys.rtcp.authKey);
    this.#rtpCipher = new AesCm(keys.rtp.cipherKey, keys.rtp.salt);
    this.#rtcpCipher = new AesCm(keys.rtcp.cipherKey, keys.rtcp.salt);
  }

  openRtp(packet: Buffer, headerBytes: number, roc: number): Buffer | undefined {
    const end = packet.length - this.rtpOverheadBytes;
    if (!isMkiAt(packet, end, this.#mki)) return undefined;
    if (!isTag(packet, this.#rtpTagBytes, this.#rtpTag(packet.subarray(0, end), roc))) return undefined;
    this.#rtpCipher.apply(packet, headerBytes, end, rtpSsrc(packet), roc * SEQUENCES + rtpSequence(packet));
    return packet.subarray(0, end);
  }

  sealRtp(bytes: Buffer, sizeBytes: number, headerBytes: number, roc: number): void {
    assert(bytes.length - sizeBytes >= this.rtpOverheadBytes, 'a packet to seal has room behind it');
    this.#rtpCipher.apply(bytes, headerBytes, sizeBytes, rtpSsrc(bytes), roc * SEQUENCES + rtpSequence(bytes));
    const tag = this.#rtpTag(bytes.subarray(0, sizeBytes), roc);
    bytes.set(this.#mki, sizeBytes);
    tag.copy(bytes, sizeBytes + this.#mki.length, 0, this.#rtpTagBytes);
  }

  readRtcpIndexWord(packet: Buffer): number {
    return readUint32(packet, packet.length - this.rtcpOverheadBytes);
  }

  openRtcp(packet: Buffer): Buffer | undefined {
    const indexAt = packet.length - this.rtcpOverheadBytes;
    const mkiAt = indexAt + INDEX_BYTES;
    if (!isMkiAt(packet, mkiAt, this.#mki)) return undefined;
    if (!isTag(packet, this.#rtcpTagBytes, this.#rtcpTag(packet.subarray(0, mkiAt)))) return undefined;
    const word = readUint32(packet, indexAt);
    if (word >= ENCRYPTED_BIT) {
      this.#rtcpCipher.apply(packet, RTCP_CLEAR_BYTES, indexAt, readUint32(packet, 4), word - ENCRYPTED_BIT);
    }
    return packet.subarray(0, indexAt);
  }

  sealRtcp(packet: Buffer, index: number): Buffer {
    const indexAt = packet.length;
    const mkiAt = indexAt + INDEX_BYTES;
    const sealed = Buffer.allocUnsafe(indexAt + this.rtcpOverheadBytes);
    sealed.set(packet, 0);
    this.#rtcpCipher.apply(sealed, RTCP_CLEAR_BYTES, indexAt, readUint32(packet, 4), index);
    writeUint32(sealed, indexAt, ENCRYPTED_BIT + index);
    sealed.set(this.#mki, mkiAt);
    this.#rtcpTag(sealed.subarray(0, mkiAt)).copy(sealed, mkiAt + this.#mki.length, 0, this.#rtcpTagBytes);
    return sealed;
  }

  wipe(): void {
    wipe(this.#rtpAuthKey, this.#rtcpAuthKey, this.#roc);
    this.#rtpCipher.wipe();
    this.#rtcpCipher.wipe();
  }

  #rtpTag(authenticated: Buffer, roc: number): Buffer {
    writeUint32(this.#roc, 0, roc);
    return createHmac('sha1', this.#rtpAuthKey).update(authenticated).update(this.#roc).digest();
  }

  #rtcpTag(authenticated: Buffer): Buffer {
    return createHmac('sha1', this.#rtcpAuthKey).update(authenticated).digest();
  }
}

function isTag(packet: Buffer, tagBytes: number, digest: Buffer): boolean {
  return timingSafeEqual(packet.subarray(packet.length - tagBytes), digest.subarray(0, tagBytes));
}
