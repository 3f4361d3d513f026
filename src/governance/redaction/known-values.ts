/**
 * The values one call is known to hold, in memory only, so that the same value gets the same name and an echo of it is
 * caught. Security codes and expiry dates never enter.
 */

import type { EntityType } from '../../model/transcript.ts';
import type { NumberType } from './number-type.ts';

export interface KnownNumber {
  readonly type: NumberType;
  /** Its number among the values of its type: the 1 of `[CARD_1]`. */
  readonly number: number;
  canonical: string;
  digits: string;
}

export interface KnownAddress {
  readonly type: 'EMAIL';
  readonly number: number;
  readonly address: string;
}

export type KnownValue = KnownNumber | KnownAddress;

const MAX_VALUES = 256;
const MAX_DIGITS = 64;
const MAX_ADDRESS_CHARS = 320;
/** An echo of at least this many digits in a row is taken for one: "ending in four two four two". */
const MIN_ECHO_DIGITS = 4;
/** A longer number is named after a known one inside it only when that one is too long to be there by chance. */
const MIN_CONTAINED_DIGITS = 7;

export class KnownValues {
  readonly #numbers: KnownNumber[] = [];
  readonly #addresses: KnownAddress[] = [];
  readonly #used: Map<EntityType, number>;

  /** `used` says how many names of each type this call has already seen, so that none comes to mean two values. */
  constructor(used: Readonly<Record<EntityType, number>> = {}) {
    this.#used = new Map(Object.entries(used));
  }

  /** The number of that type and spelling, made known if it was not; undefined when no more can be remembered. */
  learnNumber(type: NumberType, canonical: string, digits: string): KnownNumber | undefined {
    const found = this.#numbers.find((known) => known.type === type && known.canonical === canonical);
    if (found || this.#numbers.length >= MAX_VALUES) return found;
    const number = this.#nextNumber(type);
    const known = { type, number, canonical: canonical.slice(0, MAX_DIGITS), digits: digits.slice(0, MAX_DIGITS) };
    this.#numbers.push(known);
    return known;
  }

  learnAddress(address: string): KnownAddress | undefined {
    const spelling = address.slice(0, MAX_ADDRESS_CHARS);
    const found = this.#addresses.find((known) => known.address === spelling);
    if (found || this.#addresses.length >= MAX_VALUES) return found;
    const known: KnownAddress = { type: 'EMAIL', number: this.#nextNumber('EMAIL'), address: spelling };
    this.#addresses.push(known);
    return known;
  }

  /** A number was heard further than before. */
  extend(known: KnownNumber, canonical: string, digits: string): void {
    known.canonical = canonical.slice(0, MAX_DIGITS);
    known.digits = digits.slice(0, MAX_DIGITS);
  }

  /** The known number that `digits` repeats, in part or within a longer one. */
  echoOf(digits: string): KnownNumber | undefined {
    if (digits.length < MIN_ECHO_DIGITS || digits.length > MAX_DIGITS) return undefined;
    return this.#numbers.find(
      (known) =>
        known.digits.includes(digits) || (known.digits.length >= MIN_CONTAINED_DIGITS && digits.includes(known.digits)),
    );
  }

  #nextNumber(type: EntityType): number {
    const number = (this.#used.get(type) ?? 0) + 1;
    this.#used.set(type, number);
    return number;
  }
}
