/**
 * Names for values that are the same in every call of a tenant, so that its readers can link calls without learning the
 * value: a keyed hash, cut to what no two values of a tenant will share by chance. Refuses types of which there are so
 * few values that whoever got hold of the key would try them all in milliseconds: dates of birth, postcodes, PINs.
 */

import { createHmac } from 'node:crypto';
import type { EntityType } from '../../model/transcript.ts';

/** One version of a tenant's key. */
export interface LinkKey {
  /** Its name in every token made with it, so that tokens of different keys are not held against each other. */
  readonly kid: string;
  readonly key: Uint8Array;
}

/** Of a shorter value there are too few, or it is only a part of one: "ending in 1111". */
const LEAST_SIGNS: Readonly<Record<EntityType, number>> = {
  CARD: 12,
  IBAN: 15,
  ACCOUNT: 8,
  PHONE: 8,
  EMAIL: 6,
  SSN: 9,
  NATIONAL_ID: 8,
  ID: 8,
};

const TOKEN_BITS = 80;
const SIGN_BITS = 5;
/** RFC 4648 §6, in lower case: no sign of it is a digit that could be taken for one of the value. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** `k1.abcdefghijklmnop`; undefined for a value that must not have one. */
export function linkableToken(type: EntityType, value: string, { kid, key }: LinkKey): string | undefined {
  const least = Object.hasOwn(LEAST_SIGNS, type) ? LEAST_SIGNS[type] : undefined;
  const plain = normalise(type, value);
  if (least === undefined || plain.length < least) return undefined;
  const mac = createHmac('sha256', key).update(`${type}\0${plain}`, 'utf8').digest();
  return `${kid}.${base32(mac.subarray(0, TOKEN_BITS / 8))}`;
}

/** One spelling however it was written: an address keeps its marks, everything else is letters and digits. */
function normalise(type: EntityType, value: string): string {
  const folded = value.normalize('NFKC').toLowerCase();
  return folded.replaceAll(type === 'EMAIL' ? /\s/gu : /[^\p{L}\p{Nd}]/gu, '');
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let waiting = 0;
  for (const byte of bytes) {
    waiting = (waiting << 8) | byte;
    bits += 8;
    while (bits >= SIGN_BITS) {
      bits -= SIGN_BITS;
      text += BASE32.charAt((waiting >> bits) & 31);
    }
    waiting &= (1 << bits) - 1;
  }
  return text;
}
