/** AES counter mode with a truncated HMAC-SHA1 tag (RFC 3711 §4.1.1, §4.2.1): the suite every SDES peer has. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { wipe } from '../../base/bytes.ts';
import { readUint32, rtpSequence, rtpSsrc, writeUint32 } from '../rtp/header.ts';
import { AesCm, deriveKey } from './aes-cm.ts';
import { SEQUENCES } from './packet-index.ts';
import type { SrtpTransform } from './transform.ts';

/*
 *  SRTP   | RTP header | encrypted payload | tag |                      tag over all before it, then the ROC
 *  SRTCP  | first 8 bytes | encrypted rest | E + 31-bit index | tag |   tag over all before it
 */
/** n_a: 160 bits, whatever the tag is cut to. RFC 3711 B.3 prints a longer key only to show the keystream. */
const AUTH_KEY_BYTES = 20;
const CIPHER_KEY_BYTES = 16;
const SALT_BYTES = 14;
const RTCP_CLEAR_BYTES = 8;
const INDEX_BYTES = 4;
const ENCRYPTED_BIT = 0x8000_0000;

export interface AesCmKeys {
  readonly masterKey: Uint8Array;
  readonly masterSalt: Uint8Array;
  /** 10 for the …_80 suites. */
  readonly tagBytes: number;
}

export class AesCmHmacSha1 implements SrtpTransform {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  readonly #tagBytes: number;
  readonly #rtpCipher: AesCm;
  readonly #rtcpCipher: AesCm;
  readonly #rtpAuthKey: Buffer;
  readonly #rtcpAuthKey: Buffer;
  readonly #roc = Buffer.alloc(4);

  constructor({ masterKey, masterSalt, tagBytes }: AesCmKeys) {
    const master = { key: masterKey, salt: masterSalt };
    this.#tagBytes = tagBytes;
    this.rtpOverheadBytes = tagBytes;
    this.rtcpOverheadBytes = INDEX_BYTES + tagBytes;
    this.#rtpAuthKey = deriveKey(master, 1, AUTH_KEY_BYTES);
    this.#rtcpAuthKey = deriveKey(master, 4, AUTH_KEY_BYTES);
    this.#rtpCipher = sessionCipher(deriveKey(master, 0, CIPHER_KEY_BYTES), deriveKey(master, 2, SALT_BYTES));
    this.#rtcpCipher = sessionCipher(deriveKey(master, 3, CIPHER_KEY_BYTES), deriveKey(master, 5, SALT_BYTES));
  }

  openRtp(packet: Buffer, headerBytes: number, roc: number): Buffer | undefined {
    const end = packet.length - this.#tagBytes;
    if (!this.#isTag(packet, end, this.#rtpTag(packet.subarray(0, end), roc))) return undefined;
    this.#rtpCipher.apply(packet, headerBytes, end, rtpSsrc(packet), roc * SEQUENCES + rtpSequence(packet));
    return packet.subarray(0, end);
  }

  sealRtp(packet: Buffer, headerBytes: number, roc: number): Buffer {
    const end = packet.length;
    const sealed = Buffer.allocUnsafe(end + this.#tagBytes);
    sealed.set(packet, 0);
    this.#rtpCipher.apply(sealed, headerBytes, end, rtpSsrc(packet), roc * SEQUENCES + rtpSequence(packet));
    this.#rtpTag(sealed.subarray(0, end), roc).copy(sealed, end, 0, this.#tagBytes);
    return sealed;
  }

  readRtcpIndexWord(packet: Buffer): number {
    return readUint32(packet, packet.length - this.#tagBytes - INDEX_BYTES);
  }

  openRtcp(packet: Buffer): Buffer | undefined {
    const tagAt = packet.length - this.#tagBytes;
    if (!this.#isTag(packet, tagAt, this.#rtcpTag(packet.subarray(0, tagAt)))) return undefined;
    const indexAt = tagAt - INDEX_BYTES;
    const index = readUint32(packet, indexAt) % ENCRYPTED_BIT;
    this.#rtcpCipher.apply(packet, RTCP_CLEAR_BYTES, indexAt, readUint32(packet, 4), index);
    return packet.subarray(0, indexAt);
  }

  sealRtcp(packet: Buffer, index: number): Buffer {
    const indexAt = packet.length;
    const tagAt = indexAt + INDEX_BYTES;
    const sealed = Buffer.allocUnsafe(tagAt + this.#tagBytes);
    sealed.set(packet, 0);
    this.#rtcpCipher.apply(sealed, RTCP_CLEAR_BYTES, indexAt, readUint32(packet, 4), index);
    writeUint32(sealed, indexAt, ENCRYPTED_BIT + index);
    this.#rtcpTag(sealed.subarray(0, tagAt)).copy(sealed, tagAt, 0, this.#tagBytes);
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

  #isTag(packet: Buffer, at: number, digest: Buffer): boolean {
    return timingSafeEqual(packet.subarray(at), digest.subarray(0, this.#tagBytes));
  }
}

/** The cipher takes its own copy of the key into OpenSSL; ours is zeroed at once. */
function sessionCipher(key: Buffer, salt: Buffer): AesCm {
  const cipher = new AesCm(key, salt);
  wipe(key, salt);
  return cipher;
}
