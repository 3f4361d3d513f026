/**
 * STUN as a keep-alive on a UDP flow (RFC 5626 §8): a Binding request is told where it came from and nothing else. No
 * other use of STUN is served on a SIP port.
 */

import { writeMappedAddress } from '../ice/mapped-address.ts';
import { BINDING, readStun, STUN_ATTRIBUTE } from '../ice/stun-message.ts';
import { writeStun } from '../ice/write-stun.ts';
import type { Source } from './reply-address.ts';

/** No SIP message begins like this: the first two bits of a STUN message are zero (RFC 5626 §8). */
export function mayBeStun(datagram: Buffer): boolean {
  const [first] = datagram;
  return first !== undefined && first < 2;
}

/** The answer to a keep-alive; undefined for anything else. It is at most a few bytes longer than what was asked with. */
export function answerKeepalive(datagram: Buffer, source: Source): Buffer | undefined {
  const message = readStun(datagram);
  if (typeof message === 'string' || message.class !== 'request' || message.method !== BINDING) return undefined;
  const { transactionId } = message;
  const value = writeMappedAddress(source, transactionId);
  return writeStun({ class: 'success', transactionId, attributes: [{ type: STUN_ATTRIBUTE.xorMappedAddress, value }] });
}
