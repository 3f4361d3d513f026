/** Networks as the router compares them: an address and how many of its bits count. It resolves nothing. */

import { readIpAddress } from '../../../protocol/sip/ip-address.ts';

export interface Prefix {
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly bits: number;
}

/** Reads `address` or `address/bits`; undefined when it is neither. Bits beyond the prefix are ignored. */
export function readPrefix(text: string): Prefix | undefined {
  const [literal = '', length, ...more] = text.split('/');
  const address = readIpAddress(literal);
  if (!address || more.length > 0) return undefined;
  if (length === undefined) return { address, bits: address.length * 8 };
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // An IPv4 address written as ::ffff:a.b.c.d/n counts its bits from the IPv6 side.
  const bits = literal.includes(':') && address.length === 4 ? Number(length) - 96 : Number(length);
  return bits >= 0 && bits <= address.length * 8 ? { address, bits } : undefined;
}

/** The network's bytes as a key: equal for every address inside it, and never for one of the other family. */
export function networkKey(address: Buffer, bits: number): string {
  const masked = Buffer.alloc(address.length);
  for (let index = 0; index < address.length; index += 1) {
    const keep = Math.min(8, Math.max(0, bits - index * 8));
    masked[index] = (address[index] ?? 0) & (0xff00 >> keep);
  }
  return masked.toString('latin1');
}
