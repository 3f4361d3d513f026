/** Writes STUN messages: attributes as given, then integrity where there is a key, then always the fingerprint. */

import type { KeyObject } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import type { IntegrityHash } from './stun-integrity.ts';
import { fingerprintOf, INTEGRITY_BYTES, integrityOf } from './stun-integrity.ts';
import type { StunClass } from './stun-message.ts';
import {
  BINDING,
  MAGIC_COOKIE,
  MAX_STUN_BYTES,
  STUN_ATTRIBUTE,
  STUN_CLASSES,
  STUN_HEADER_BYTES,
} from './stun-message.ts';

export interface OutgoingStun {
  readonly class: StunClass;
  /** Binding unless said. */
  readonly method?: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly attributes: readonly { readonly type: number; readonly value: Uint8Array }[];
  /** Absent: nothing vouches for the message, as in an answer to somebody unknown (RFC 8489 §9.1.3). */
  readonly integrity?: { readonly key: KeyObject; readonly hash: IntegrityHash } | undefined;
}

export function writeStun(message: OutgoingStun): Buffer {
  const { attributes, integrity } = message;
  const integrityBytes = integrity ? 4 + INTEGRITY_BYTES[integrity.hash] : 0;
  const contentBytes = attributes.reduce((sum, { value }) => sum + 4 + padded(value.length), 0);
  const bytes = Buffer.alloc(STUN_HEADER_BYTES + contentBytes + integrityBytes + 8);
  assert(bytes.length <= MAX_STUN_BYTES, 'a STUN message of ours fits a datagram');
  assert(message.transactionId.length === 12, 'a transaction id has 12 bytes');
  bytes.writeUInt16BE(messageType(message.class, message.method ?? BINDING), 0);
  bytes.writeUInt16BE(bytes.length - STUN_HEADER_BYTES, 2);
  bytes.writeUInt32BE(MAGIC_COOKIE, 4);
  bytes.set(message.transactionId, 8);

  let at = STUN_HEADER_BYTES;
  for (const { type, value } of attributes) at = writeAttribute(bytes, at, type, value);
  if (integrity) {
    const type = integrity.hash === 'sha1' ? STUN_ATTRIBUTE.messageIntegrity : STUN_ATTRIBUTE.messageIntegritySha256;
    at = writeAttribute(bytes, at, type, integrityOf(bytes, at, integrity.hash, integrity.key));
  }
  const fingerprint = fingerprintOf(bytes, at);
  bytes.writeUInt16BE(STUN_ATTRIBUTE.fingerprint, at);
  bytes.writeUInt16BE(4, at + 2);
  bytes.writeUInt32BE(fingerprint, at + 4);
  return bytes;
}

/** ERROR-CODE (RFC 8489 §14.8) with no reason phrase: it would be said to strangers, and makes the answer longer. */
export function errorCode(code: number): Buffer {
  return Buffer.from([0, 0, Math.floor(code / 100), code % 100]);
}

/** UNKNOWN-ATTRIBUTES (RFC 8489 §14.9). */
export function unknownAttributes(types: readonly number[]): Buffer {
  const value = Buffer.alloc(types.length * 2);
  types.forEach((type, index) => value.writeUInt16BE(type, index * 2));
  return value;
}

/** Method and class share fourteen bits, the class's two in between (RFC 8489 §5, figure 3). */
function messageType(stunClass: StunClass, method: number): number {
  const order = STUN_CLASSES.indexOf(stunClass);
  const methodBits = (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2);
  return methodBits | ((order & 1) << 4) | ((order & 2) << 7);
}

function writeAttribute(bytes: Buffer, at: number, type: number, value: Uint8Array): number {
  bytes.writeUInt16BE(type, at);
  bytes.writeUInt16BE(value.length, at + 2);
  bytes.set(value, at + 4);
  return at + 4 + padded(value.length);
}

function padded(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}
