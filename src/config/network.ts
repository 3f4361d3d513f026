/** Networks as the document writes them, and their one spelling. Whatever it accepts the router can read. */

import { isIP } from 'node:net';

/** `ADDRESS` or `ADDRESS/BITS` in one spelling, with the bits beyond the prefix cleared; undefined when it is neither. */
export function canonicalNetwork(text: string): string | undefined {
  const [literal = '', length, ...more] = text.split('/');
  if (more.length > 0 || literal.includes('%') || isIP(literal) === 0) return undefined;
  if (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const written = isIP(literal) === 4 ? quadBytes(literal) : sixteenBytes(literal);
  const mapped = isMapped(written) ? 96 : 0;
  const bytes = mapped === 0 ? written : written.slice(12);
  const bits = length === undefined ? bytes.length * 8 : Number(length) - mapped;
  if (bits < 0 || bits > bytes.length * 8) return undefined;
  const masked = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
  return `${Buffer.from(masked).toString('hex')}/${bits}`;
}

function quadBytes(text: string): number[] {
  return text.split('.').map(Number);
}

/** Node has said that it is an IPv6 literal; the URL standard writes it with its zeros in one place. */
function sixteenBytes(text: string): number[] {
  const plain = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [before = '', after = ''] = plain.split('::');
  const head = groupBytes(before);
  const tail = groupBytes(after);
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** ::ffff:a.b.c.d is the IPv4 address a.b.c.d. */
function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 0xff));
}
