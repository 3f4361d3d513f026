/**
 * What makes a STUN message somebody's: MESSAGE-INTEGRITY under a short-term password, and the FINGERPRINT that tells
 * STUN from other traffic (RFC 8489 §14.5 to §14.7). It answers yes or no; what follows from a no is for its callers.
 */

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { constantTimeEqual } from '../../base/bytes.ts';
import { crc32 } from './crc32.ts';
import type { StunAttribute, StunMessage } from './stun-message.ts';
import { findAttribute, STUN_ATTRIBUTE, STUN_HEADER_BYTES } from './stun-message.ts';

/** The hash of an integrity attribute. ICE speaks SHA-1 (RFC 8445 §7.1); its successor is taken where it stands alone. */
export type IntegrityHash = 'sha1' | 'sha256';

export const INTEGRITY_BYTES: Readonly<Record<IntegrityHash, number>> = { sha1: 20, sha256: 32 };

const FINGERPRINT_XOR = 0x5354554e;

/** A password as a key. ICE's characters are all ASCII, so that preparing it changes nothing (RFC 8489 §9.1.1). */
export function shortTermKey(password: string): KeyObject {
  return createSecretKey(Buffer.from(password, 'latin1'));
}

export interface Integrity {
  readonly hash: IntegrityHash;
  readonly attribute: StunAttribute;
}

/** The integrity attribute that counts, or undefined when there is none, or none of the length it must have. */
export function findIntegrity(message: StunMessage): Integrity | undefined {
  const sha1 = findAttribute(message, STUN_ATTRIBUTE.messageIntegrity);
  const attribute = sha1 ?? findAttribute(message, STUN_ATTRIBUTE.messageIntegritySha256);
  if (!attribute) return undefined;
  const hash = sha1 ? 'sha1' : 'sha256';
  // Truncated SHA-256 is for usages that say so (RFC 8489 §14.6); ICE does not.
  return attribute.value.length === INTEGRITY_BYTES[hash] ? { hash, attribute } : undefined;
}

export function isIntact(message: StunMessage, integrity: Integrity, key: KeyObject): boolean {
  const { attribute, hash } = integrity;
  return constantTimeEqual(attribute.value, integrityOf(message.bytes, attribute.at, hash, key));
}

/**
 * The HMAC over everything before offset `endBytes`, with the length field saying what it would if the message ended
 * behind the integrity attribute: what stands behind it, the fingerprint above all, was not there when it was made.
 */
export function integrityOf(bytes: Buffer, endBytes: number, hash: IntegrityHash, key: KeyObject): Buffer {
  const head = Buffer.from(bytes.subarray(0, 4));
  head.writeUInt16BE(endBytes - STUN_HEADER_BYTES + 4 + INTEGRITY_BYTES[hash], 2);
  return createHmac(hash, key).update(head).update(bytes.subarray(4, endBytes)).digest();
}

/** `absent` also when the attribute has another length than it must. */
export function checkFingerprint(message: StunMessage): 'right' | 'wrong' | 'absent' {
  const attribute = findAttribute(message, STUN_ATTRIBUTE.fingerprint);
  if (attribute?.value.length !== 4) return 'absent';
  return attribute.value.readUInt32BE(0) === fingerprintOf(message.bytes, attribute.at) ? 'right' : 'wrong';
}

/** The checksum of everything before offset `endBytes`; the length field already counts the fingerprint. */
export function fingerprintOf(bytes: Buffer, endBytes: number): number {
  return (crc32(bytes, endBytes) ^ FINGERPRINT_XOR) >>> 0;
}
