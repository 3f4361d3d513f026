/**
 * Bearer tokens: made, read and compared. The secret half is 256 random bits that nobody keeps; what is stored is its
 * hash. Reading a token says nothing about whether anybody issued it.
 *
 *     ear_ 9f3c01d2ab44 _ hqMq…43 characters…
 *          │              └ base64url of the 32 secret bytes, without padding
 *          └ the first 12 hex digits of the token's id, so that a leaked one can be named and revoked
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { newId, type RandomBytes, type TokenId } from '../../base/ids.ts';

const SECRET_BYTES = 32;
const NAMED_DIGITS = 12;
const BEARER = /^ear_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export interface NewToken {
  readonly token: TokenId;
  /** The whole token, to be shown once and kept nowhere. */
  readonly bearer: string;
  readonly secretHash: Buffer;
}

/** What a well-formed token says: how the id of the one it claims to be begins, and the hash of its secret. */
export interface ReadToken {
  readonly idStart: string;
  readonly secretHash: Buffer;
}

export function makeToken(random: RandomBytes): NewToken {
  const token = newId('token', random);
  const secret = Buffer.from(random(SECRET_BYTES));
  const bearer = `ear_${token.slice(2, 2 + NAMED_DIGITS)}_${secret.toString('base64url')}`;
  return { token, bearer, secretHash: hashSecret(secret) };
}

/** Reads a bearer token; undefined for anything that `makeToken` could not have written, such as a second spelling. */
export function parseToken(text: string): ReadToken | undefined {
  const found = BEARER.exec(text);
  const [, named, encoded] = found ?? [];
  if (named === undefined || encoded === undefined) return undefined;
  const secret = Buffer.from(encoded, 'base64url');
  // 43 characters hold two bits more than 32 bytes: only the spelling with both of them zero is the token.
  if (secret.length !== SECRET_BYTES || secret.toString('base64url') !== encoded) return undefined;
  return { idStart: `k_${named}`, secretHash: hashSecret(secret) };
}

/** Whether the stored token is the one that was read. Takes the same time wherever the hashes differ. */
export function isSameToken(
  read: ReadToken,
  stored: { readonly token: string; readonly secret_hash: Uint8Array },
): boolean {
  if (stored.secret_hash.length !== read.secretHash.length) return false;
  const isSame = timingSafeEqual(stored.secret_hash, read.secretHash);
  return isSame && stored.token.startsWith(read.idStart);
}

/** A plain hash is enough: 256 random bits leave nothing to guess, so nothing has to be made slow. */
export function hashSecret(secret: Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest();
}
