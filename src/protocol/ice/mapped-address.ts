/** XOR-MAPPED-ADDRESS (RFC 8489 §14.2): where a request came from, hidden from middle boxes that rewrite addresses. */

import { assert } from '../../base/assert.ts';
import { readIpAddress } from '../sip/ip-address.ts';
import { MAGIC_COOKIE } from './stun-message.ts';

/*
 *   0                   1                   2                   3
 *  |       0       |    family     |  port XOR first 2 of cookie   |
 *  |  address XOR cookie (IPv4), or XOR cookie and transaction id  |
 */
const IPV4 = 1;
const IPV6 = 2;

export interface TransportAddress {
  /** An IP literal. */
  readonly address: string;
  readonly port: number;
}

/** The attribute's value. IPv4 that came in over an IPv6 socket is said as IPv4. */
export function writeMappedAddress(from: TransportAddress, transactionId: Uint8Array): Buffer {
  const address = readIpAddress(from.address);
  assert(address, 'a datagram comes from an IP address');
  const value = Buffer.alloc(4 + address.length);
  value[1] = address.length === 4 ? IPV4 : IPV6;
  value.writeUInt16BE(from.port ^ (MAGIC_COOKIE >>> 16), 2);
  value.set(hide(address, transactionId), 4);
  return value;
}

/** Bytes and port that a value names, or undefined when it is none. */
export function readMappedAddress(
  value: Buffer,
  transactionId: Uint8Array,
): { readonly address: Buffer; readonly port: number } | undefined {
  const addressBytes = value[1] === IPV4 ? 4 : value[1] === IPV6 ? 16 : 0;
  if (addressBytes === 0 || value.length !== 4 + addressBytes) return undefined;
  return { address: hide(value.subarray(4), transactionId), port: value.readUInt16BE(2) ^ (MAGIC_COOKIE >>> 16) };
}

/** Its own inverse. */
function hide(address: Uint8Array, transactionId: Uint8Array): Buffer {
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(MAGIC_COOKIE, 0);
  mask.set(transactionId, 4);
  return Buffer.from(address.map((byte, index) => byte ^ mask.readUInt8(index)));
}
