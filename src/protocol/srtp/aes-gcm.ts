/**
 * AES in Galois/counter mode (RFC 7714): header authenticated, payload encrypted, always a tag of 16 bytes. It knows
 * nothing of indices beyond the one it is told; the same one twice under one key gives the authentication key away.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { wipe } from '../../base/bytes.ts';
import { readUint32, writeUint32 } from '../rtp/header.ts';
import { isMkiAt, NO_MKI } from './mki.ts';
import type { PacketKeys, SessionKeys } from './session-keys.ts';
import type { SrtpTransform } from './transform.ts';

/*
 *  SRTP          | RTP header | encrypted payload | tag | MKI |                       AAD: the header
 *  SRTCP, E = 1  | first 8 bytes | encrypted rest | tag | E + 31-bit index | MKI |    AAD: first 8 bytes, index word
 *  SRTCP, E = 0  | the whole packet, in clear     | tag | 0 + 31-bit index | MKI |    AAD: whole packet, index word
 *
 *  IV: 12 bytes of salt XOR (SRTP) 00 00 SSRC ROC SEQ, (SRTCP) 00 00 SSRC 00 00 index
 */
const TAG_BYTES = 16;
const SALT_BYTES = 12;
const INDEX_BYTES = 4;
const RTCP_CLEAR_BYTES = 8;
const ENCRYPTED_BIT = 0x8000_0000;
const TAG_OPTIONS = { authTagLength: TAG_BYTES };

export class AesGcm implements SrtpTransform {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  readonly #mki: Uint8Array;
  readonly #rtp: GcmKey;
  readonly #rtcp: GcmKey;

  /** `keys` are copied: the caller wipes its own. */
  constructor({ rtp, rtcp }: SessionKeys, mki: Uint8Array = NO_MKI) {
    this.#rtp = new GcmKey(rtp);
    this.#rtcp = new GcmKey(rtcp);
    this.#mki = Uint8Array.from(mki);
    this.rtpOverheadBytes = TAG_BYTES + mki.length;
    this.rtcpOverheadBytes = TAG_BYTES + INDEX_BYTES + mki.length;
  }

  openRtp(packet: Buffer, headerBytes: number, roc: number): Buffer | undefined {
    const end = packet.length - this.rtpOverheadBytes;
    if (!isMkiAt(packet, end + TAG_BYTES, this.#mki)) return undefined;
    this.#rtp.setRtpIv(packet, roc);
    const isAuthentic = this.#rtp.open(packet.subarray(0, headerBytes), packet, headerBytes, end);
    return isAuthentic ? packet.subarray(0, end) : undefined;
  }

  sealRtp(bytes: Buffer, sizeBytes: number, headerBytes: number, roc: number): void {
    assert(bytes.length - sizeBytes >= this.rtpOverheadBytes, 'a packet to seal has room behind it');
    this.#rtp.setRtpIv(bytes, roc);
    this.#rtp.seal(bytes.subarray(0, headerBytes), bytes, headerBytes, sizeBytes);
    bytes.set(this.#mki, sizeBytes + TAG_BYTES);
  }

  readRtcpIndexWord(packet: Buffer): number {
    return readUint32(packet, packet.length - this.#mki.length - INDEX_BYTES);
  }

  openRtcp(packet: Buffer): Buffer | undefined {
    const end = packet.length - this.rtcpOverheadBytes;
    const indexAt = end + TAG_BYTES;
    if (!isMkiAt(packet, indexAt + INDEX_BYTES, this.#mki)) return undefined;
    const word = readUint32(packet, indexAt);
    const clearBytes = word >= ENCRYPTED_BIT ? RTCP_CLEAR_BYTES : end;
    this.#rtcp.setRtcpIv(packet, word % ENCRYPTED_BIT);
    const isAuthentic = this.#rtcp.open(rtcpAssociated(packet, clearBytes, word), packet, clearBytes, end);
    return isAuthentic ? packet.subarray(0, end) : undefined;
  }

  sealRtcp(packet: Buffer, index: number): Buffer {
    const end = packet.length;
    const sealed = Buffer.allocUnsafe(end + this.rtcpOverheadBytes);
    sealed.set(packet, 0);
    const word = ENCRYPTED_BIT + index;
    this.#rtcp.setRtcpIv(packet, index);
    this.#rtcp.seal(rtcpAssociated(packet, RTCP_CLEAR_BYTES, word), sealed, RTCP_CLEAR_BYTES, end);
    writeUint32(sealed, end + TAG_BYTES, word);
    sealed.set(this.#mki, end + TAG_BYTES + INDEX_BYTES);
    return sealed;
  }

  wipe(): void {
    this.#rtp.wipe();
    this.#rtcp.wipe();
  }
}

/** Key and salt of one kind of packet. The key stays in our memory: node gives no context a second IV. */
class GcmKey {
  readonly #algorithm: 'aes-256-gcm' | 'aes-128-gcm';
  readonly #key: Buffer;
  readonly #salt: Buffer;
  readonly #iv = Buffer.alloc(SALT_BYTES);

  constructor({ cipherKey, salt }: PacketKeys) {
    assert(salt.length === SALT_BYTES, 'a session salt of GCM has 12 bytes');
    this.#algorithm = cipherKey.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    this.#key = Buffer.from(cipherKey);
    this.#salt = Buffer.from(salt);
  }

  setRtpIv(packet: Buffer, roc: number): void {
    const iv = this.#iv;
    iv.set(this.#salt, 0);
    for (let i = 0; i < 4; i++) iv[2 + i]! ^= packet[8 + i]!;
    writeUint32(iv, 6, readUint32(iv, 6) ^ roc);
    for (let i = 0; i < 2; i++) iv[10 + i]! ^= packet[2 + i]!;
  }

  setRtcpIv(packet: Buffer, index: number): void {
    const iv = this.#iv;
    iv.set(this.#salt, 0);
    for (let i = 0; i < 4; i++) iv[2 + i]! ^= packet[4 + i]!;
    writeUint32(iv, 8, readUint32(iv, 8) ^ index);
  }

  /** Encrypts `bytes[from, to)` in place and puts the tag at `to`. */
  seal(associated: Buffer, bytes: Buffer, from: number, to: number): void {
    const cipher = createCipheriv(this.#algorithm, this.#key, this.#iv, TAG_OPTIONS);
    cipher.setAAD(associated);
    bytes.set(cipher.update(bytes.subarray(from, to)), from);
    cipher.final();
    bytes.set(cipher.getAuthTag(), to);
  }

  /** Decrypts `bytes[from, to)` in place if the tag at `to` is true, and touches nothing otherwise. */
  open(associated: Buffer, bytes: Buffer, from: number, to: number): boolean {
    const decipher = createDecipheriv(this.#algorithm, this.#key, this.#iv, TAG_OPTIONS);
    decipher.setAAD(associated);
    decipher.setAuthTag(bytes.subarray(to, to + TAG_BYTES));
    const plain = decipher.update(bytes.subarray(from, to));
    try {
      decipher.final();
    } catch {
      return false;
    }
    bytes.set(plain, from);
    return true;
  }

  wipe(): void {
    wipe(this.#key, this.#salt, this.#iv);
  }
}

/** RFC 7714 §9.2, §9.3: what is in clear, and the word with E bit and index though it stands behind the tag. */
function rtcpAssociated(packet: Buffer, clearBytes: number, word: number): Buffer {
  const associated = Buffer.allocUnsafe(clearBytes + INDEX_BYTES);
  packet.copy(associated, 0, 0, clearBytes);
  writeUint32(associated, clearBytes, word);
  return associated;
}
