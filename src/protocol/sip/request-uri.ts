/**
 * Which Request-URIs are none (RFC 3261 §7.1, §19.1.1): a SIP URI must name one host that every reader finds, and carry
 * no headers, which a next hop might take for the message's own. Other schemes pass; parameters are nobody's business.
 */

import { Cursor } from './cursor.ts';
import { readHostPort } from './uri.ts';

/** Whether `uri`, which has no white space in it, can stand in a request line. */
export function isRequestUri(uri: string): boolean {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return false;
  if (scheme !== 'sip' && scheme !== 'sips') return true;
  const at = uri.indexOf('@');
  if (at >= 0 && uri.includes('@', at + 1)) return false;
  const cursor = new Cursor(uri);
  cursor.at = at < 0 ? scheme.length + 1 : at + 1;
  // An empty user before the @ is read as no user by some and as a host by others.
  if (at === scheme.length + 1 || !readHostPort(cursor, ';?')) return false;
  return cursor.atEnd || (cursor.peek() === ';' && !uri.includes('?', cursor.at));
}
