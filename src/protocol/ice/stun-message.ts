/**
 * Reads one STUN message (RFC 8489 §5, §14) into its attributes, every length checked before it is believed. It proves
 * no integrity and knows no usage: a message that reads well here may still be anybody's.
 */

/*
 *   0                   1                   2                   3
 *  |0 0|  type: method and class   |  bytes after this header      |
 *  |                  magic cookie 0x2112A442                      |
 *  |                  transaction id, 12 bytes                     |
 *  |  attribute type               |  bytes of its value           |
 *  |  value, then zero to three bytes of padding                   |
 *  |  …   MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256, FINGERPRINT |
 */
export const STUN_HEADER_BYTES = 20;
export const MAGIC_COOKIE = 0x2112a442;
export const BINDING = 0x001;

/** An Ethernet frame's worth: checks are not fragmented, and nothing of ours reads a larger one. */
export const MAX_STUN_BYTES = 1500;
/** A WebRTC check has seven or eight. */
export const MAX_STUN_ATTRIBUTES = 32;

/** Attribute types (RFC 8489 §18.3, RFC 8445 §16.1). Those below 0x8000 must be understood by who reads them. */
export const STUN_ATTRIBUTE = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  software: 0x8022,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

/** In the order of their two bits. */
export const STUN_CLASSES = ['request', 'indication', 'success', 'error'] as const;
export type StunClass = (typeof STUN_CLASSES)[number];

export interface StunAttribute {
  readonly type: number;
  /** Of its type, from the start of the message. */
  readonly at: number;
  /** A view of the message, without padding. */
  readonly value: Buffer;
}

export interface StunMessage {
  readonly bytes: Buffer;
  readonly class: StunClass;
  readonly method: number;
  /** A view of the message. */
  readonly transactionId: Buffer;
  /** In order; those that stand behind an integrity attribute and must be ignored are left out (RFC 8489 §14.5). */
  readonly attributes: readonly StunAttribute[];
}

export type StunFailure =
  'not_stun' | 'length' | 'too_large' | 'too_many_attributes' | 'attribute' | 'after_fingerprint';

/** The message, or why `datagram` is none. */
export function readStun(datagram: Buffer): StunMessage | StunFailure {
  if (datagram.length < STUN_HEADER_BYTES || datagram.readUInt8(0) > 0x3f) return 'not_stun';
  // Without the cookie it is RFC 3489, which has no integrity we could ask for.
  if (datagram.readUInt32BE(4) !== MAGIC_COOKIE) return 'not_stun';
  if (datagram.length > MAX_STUN_BYTES) return 'too_large';
  const lengthBytes = datagram.readUInt16BE(2);
  if (lengthBytes % 4 !== 0 || STUN_HEADER_BYTES + lengthBytes !== datagram.length) return 'length';
  const attributes = readAttributes(datagram);
  if (typeof attributes === 'string') return attributes;
  const type = datagram.readUInt16BE(0);
  return {
    bytes: datagram,
    class: classOf(type),
    method: (type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80),
    transactionId: datagram.subarray(8, STUN_HEADER_BYTES),
    attributes,
  };
}

/** Its two bits stand apart in the type (RFC 8489 figure 3). */
function classOf(type: number): StunClass {
  const isSecond = (type & 0x0010) !== 0;
  if ((type & 0x0100) !== 0) return isSecond ? 'error' : 'success';
  return isSecond ? 'indication' : 'request';
}

/** The first attribute of a type: later ones are duplicates and are not looked at (RFC 8489 §5). */
export function findAttribute(message: StunMessage, type: number): StunAttribute | undefined {
  return message.attributes.find((attribute) => attribute.type === type);
}

function readAttributes(bytes: Buffer): StunAttribute[] | StunFailure {
  const attributes: StunAttribute[] = [];
  let count = 0;
  let isProtected = false;
  let at = STUN_HEADER_BYTES;
  while (at < bytes.length) {
    if (++count > MAX_STUN_ATTRIBUTES) return 'too_many_attributes';
    if (attributes.at(-1)?.type === STUN_ATTRIBUTE.fingerprint) return 'after_fingerprint';
    // Both the total and each step are multiples of four, so the four bytes of a head are always there.
    const type = bytes.readUInt16BE(at);
    const valueAt = at + 4;
    const valueEnd = valueAt + bytes.readUInt16BE(at + 2);
    if (valueEnd > bytes.length) return 'attribute';
    // Who alters a check on its way can append to it, but not so that we would believe what was appended.
    if (!isProtected || mayFollowIntegrity(type)) {
      attributes.push({ type, at, value: bytes.subarray(valueAt, valueEnd) });
    }
    isProtected ||= type === STUN_ATTRIBUTE.messageIntegrity || type === STUN_ATTRIBUTE.messageIntegritySha256;
    at = (valueEnd + 3) & ~3;
  }
  return attributes;
}

function mayFollowIntegrity(type: number): boolean {
  return type === STUN_ATTRIBUTE.messageIntegritySha256 || type === STUN_ATTRIBUTE.fingerprint;
}
