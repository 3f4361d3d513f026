/**
 * Whether a signature covers a message's session description, so that an edit of ours would break it (RFC 8224,
 * RFC 4474, RFC 3261 §22.4 and §23.3). It looks and names; it verifies nothing, and takes nothing away.
 */

import type { SignedMedia } from '../../model/call.ts';
import { linesNamed, valueText } from '../../protocol/sip/head-index.ts';
import type { Head } from '../../protocol/sip/head-index.ts';
import type { SipMessage } from '../../protocol/sip/message.ts';

/** A real PASSporT has some hundred bytes. */
const MAX_TOKEN_CHARS = 8192;

const DIGEST_HEADERS = [
  ...['authorization', 'proxy-authorization'],
  ...['authentication-info', 'proxy-authentication-info'],
];

/** What covers the SDP of a message that has one; undefined for nothing. S/MIME is found by who takes bodies apart. */
export function findSignature({ head }: SipMessage): SignedMedia | undefined {
  const identities = linesNamed(head, 'identity').map((line) => unfolded(valueText(head, line)));
  // RFC 4474 §9: a quoted signature over the body, its certificate named apart.
  const isOld = identities.some((value) => value.startsWith('"'));
  if (isOld || (identities.length > 0 && linesNamed(head, 'identity-info').length > 0)) return 'rfc4474';
  if (identities.some(mayBindKeys)) return 'passport_mky';
  return hasBodyDigest(head) ? 'auth_int' : undefined;
}

/**
 * Whether a PASSporT claims media keys (RFC 8225 §5.2.2): `header.payload.signature;info=<…>;ppt="…"`. A compact one
 * leaves its claims to be made up from the message (RFC 8224 §4.1.1), and only those of SHAKEN are known to have no
 * keys among them (RFC 8588 §3). Where the claims cannot be read, they are taken to be there.
 */
function mayBindKeys(identity: string): boolean {
  const semicolon = identity.indexOf(';');
  const token = (semicolon === -1 ? identity : identity.slice(0, semicolon)).trim();
  const claims = readClaims(token.split('.')[1] ?? '');
  return claims ? Object.hasOwn(claims, 'mky') : !/;\s*ppt\s*=\s*"?shaken"?\s*(;|$)/i.test(identity.slice(semicolon));
}

function readClaims(payload: string): object | undefined {
  if (payload === '' || payload.length > MAX_TOKEN_CHARS || !/^[\w-]+=*$/.test(payload)) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** Digest with `qop=auth-int`, whose hash takes in the body (RFC 7616 §3.4.3). */
function hasBodyDigest(head: Head): boolean {
  return DIGEST_HEADERS.some((name) =>
    linesNamed(head, name).some((line) => {
      const params = unfolded(valueText(head, line)).matchAll(/([\w-]{1,64})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)/g);
      return [...params].some(([, key, value]) => key?.toLowerCase() === 'qop' && isAuthInt(value ?? ''));
    }),
  );
}

/** Said in a list by who offers it, alone by who uses it. */
function isAuthInt(qop: string): boolean {
  return qop.replaceAll('"', '').trim().toLowerCase() === 'auth-int';
}

function unfolded(value: string): string {
  return value.replace(/\r\n[ \t]+/g, ' ');
}
