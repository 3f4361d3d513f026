/** The messages of RFC 4475 and RFC 5118, byte for byte as the archives in those documents hold them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const VECTORS = join(import.meta.dirname, '../../vectors/sip');

export type Torture = 'rfc4475' | 'rfc5118';

/** File names without their suffix: `3.1.1.1-wsinv`. */
export function tortureNames(rfc: Torture): string[] {
  const files = readdirSync(join(VECTORS, rfc)).filter((name) => name.endsWith('.sip'));
  return files.map((name) => name.slice(0, -4)).sort();
}

export function tortureFile(rfc: Torture, name: string): Buffer {
  return readFileSync(join(VECTORS, rfc, `${name}.sip`));
}

/** What goes on the wire for it. */
export function tortureMessage(rfc: Torture, name: string): Buffer {
  const archived = tortureFile(rfc, name);
  return rfc === 'rfc5118' ? asSent(archived) : archived;
}

/**
 * The archive of RFC 5118 ends its lines in LF alone, leaves the heads of §4.10 open, and counts two of its three bodies
 * wrongly. This is the message each of them describes: CRLF, an empty line, and the length that the body has.
 */
function asSent(archived: Buffer): Buffer {
  const [head = '', body = ''] = archived.toString('latin1').split('\n\n');
  const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
  const counted = head.trimEnd().replace(/^Content-Length: \d+$/m, `Content-Length: ${crlf(body).length}`);
  return Buffer.from(`${crlf(counted)}\r\n\r\n${crlf(body)}`, 'latin1');
}
