/** IP literals as bytes, so that two spellings of one address compare equal. Names are not resolved here. */

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** 4 or 16 bytes; undefined for anything but a literal. Brackets and a zone are ignored; ::ffff:a.b.c.d is IPv4. */
export function readIpAddress(text: string): Buffer | undefined {
  const bare = stripBrackets(text);
  return bare.includes(':') ? readIpv6(bare) : readIpv4(bare);
}

/** One spelling per host: a canonical literal, or the name in lower case without its final dot. */
export function canonicalHost(host: string): string {
  // Without leading zeros, which are refused, a dotted quad has one spelling.
  if (isIpv4(host)) return host;
  const address = readIpAddress(host);
  if (!address) return host.toLowerCase().replace(/\.$/, '');
  return address.length === 4 ? address.join('.') : address.toString('hex').replace(/(.{4})(?=.)/g, '$1:');
}

/** The family of a literal as `readIpAddress` reads it; undefined for anything else. */
export function ipFamily(text: string): 4 | 6 | undefined {
  if (isIpv4(text)) return 4;
  const length = readIpAddress(text)?.length;
  return length === undefined ? undefined : length === 4 ? 4 : 6;
}

/** As it must be written in a URI or a Via: IPv6 literals in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function stripBrackets(text: string): string {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const zone = inner.indexOf('%');
  return zone < 0 ? inner : inner.slice(0, zone);
}

function readIpv4(text: string): Buffer | undefined {
  return isIpv4(text) ? Buffer.from(text.split('.').map(Number)) : undefined;
}

/** Four numbers up to 255. A leading zero is octal for some readers and decimal for others: refused. Every message asks. */
function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let dots = 0;
  let digits = 0;
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || (dots += 1) > 3) return false;
      digits = 0;
      value = 0;
    } else {
      if (code < ZERO || code > NINE || (digits > 0 && value === 0)) return false;
      digits += 1;
      value = value * 10 + code - ZERO;
      if (value > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}

function readIpv6(text: string): Buffer | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const before = readGroups(halves[0] ?? '', halves.length === 1);
  const after = halves.length === 2 ? readGroups(halves[1] ?? '', true) : [];
  if (!before || !after) return undefined;
  const missing = 16 - before.length - after.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  const bytes = Buffer.from([...before, ...new Array<number>(missing).fill(0), ...after]);
  return isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** Bytes of colon-separated groups; only the last may be a dotted quad. */
function readGroups(text: string, mayEndInQuad: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const quad = mayEndInQuad && index === groups.length - 1 ? readIpv4(group) : undefined;
      if (!quad) return undefined;
      bytes.push(...quad);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function isMapped(bytes: Buffer): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
}
