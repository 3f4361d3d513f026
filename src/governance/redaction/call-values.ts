/**
 * The values one call is known to hold, in memory only, so that the same value gets the same name and an echo of it is
 * caught. Sensitive authentication data never enters.
 */

import { isRemembered } from '../../model/entity-types.ts';
import type { EntityType } from '../../model/transcript.ts';

export interface KnownValue {
  readonly type: EntityType;
  /** Its number among the values of its type: the 1 of `[CARD_1]`. */
  readonly number: number;
  /** In one spelling. */
  readonly value: string;
  /** Whether `value` is all of it, as a detector read it; otherwise it is made of the words that were hidden. */
  readonly isWhole: boolean;
  /** As it was said, for whoever may see it. */
  readonly said: string;
}

/** How a value was heard. */
export interface Saying {
  /** Absent where it was only alluded to. */
  readonly said?: string | undefined;
  readonly isWhole: boolean;
}

const MAX_VALUES = 512;
/** Of a card's security code. */
const MAX_CODE_DIGITS = 4;
const MAX_CHARS = 512;
/** An echo of at least this many digits in a row is taken for one: "ending in four two four two". */
const MIN_ECHO_DIGITS = 4;
/** A longer number is named after a known one inside it only when that one is too long to be there by chance. */
const MIN_CONTAINED_DIGITS = 7;
/** Shorter words are too often something else as well. */
const MIN_ECHO_LETTERS = 3;
const NUMBERS = new Set<EntityType>(['CARD', 'PHONE', 'SSN', 'NATIONAL_ID', 'IBAN', 'ACCOUNT', 'SORT_CODE', 'ID']);

/** What detectors and names are told from. A look ahead has its own, on top of the call's. */
export type Values = Pick<CallValues, 'hasNumbers' | 'hasNames' | 'learn' | 'extend' | 'echoOf' | 'nameWith'>;

export class CallValues {
  readonly #byKey = new Map<string, KnownValue>();
  /** By their names, so that what goes on takes the place of its beginning. */
  readonly #named = new Map<string, KnownValue>();
  readonly #numbers = new Map<string, { readonly known: KnownValue; readonly digits: string }>();
  readonly #words = new Map<string, KnownValue>();
  readonly #used: Map<EntityType, number>;

  /** `used` says how many names of each type this call has already seen, so that none comes to mean two values. */
  constructor(used: Readonly<Record<EntityType, number>> = {}) {
    this.#used = new Map(Object.entries(used));
  }

  get hasNumbers(): boolean {
    return this.#numbers.size > 0;
  }

  get hasNames(): boolean {
    return this.#words.size > 0;
  }

  /** How many names of each type have been given. */
  get used(): Readonly<Record<EntityType, number>> {
    return Object.fromEntries(this.#used);
  }

  /** The known value of that type and spelling, or the known number that it repeats. */
  find(type: EntityType, value: string): KnownValue | undefined {
    const known = this.#byKey.get(keyOf(type, value));
    return known ?? (NUMBERS.has(type) ? this.echoOf(value.replaceAll(/\D/g, '')) : undefined);
  }

  /** The value of that type and spelling, made known if it was not; undefined when it is not to be remembered. */
  learn(type: EntityType, value: string, { said, isWhole }: Saying = { isWhole: true }): KnownValue | undefined {
    if (!isRemembered(type) || value === '') return undefined;
    const key = keyOf(type, value);
    const same = this.#byKey.get(key);
    // Of a value and what it was corrected from, the correction is said last.
    if (same && said !== undefined && isWhole) return this.#remember(key, { ...same, said: said.slice(0, MAX_CHARS) });
    const found = same ?? this.find(type, value);
    if (found || this.#byKey.size >= MAX_VALUES || (type === 'CARD' && this.#mayBeCode(value))) return found;
    return this.#remember(key, {
      type,
      number: this.#nextNumber(type),
      value: value.slice(0, MAX_CHARS),
      isWhole,
      said: (said ?? value).slice(0, MAX_CHARS),
    });
  }

  /** Three digits of a card are its code, and so are four where a whole one was given before. */
  #mayBeCode(value: string): boolean {
    const digits = value.replaceAll(/\D/g, '').length;
    if (digits !== MAX_CODE_DIGITS) return digits < MAX_CODE_DIGITS;
    return this.all().some((known) => known.type === 'CARD' && known.value.replaceAll(/\D/g, '').length > digits);
  }

  /** The value that a pseudonym of this call stands for. */
  named(type: EntityType, number: number): KnownValue | undefined {
    return this.#named.get(nameOf(type, number));
  }

  all(): readonly KnownValue[] {
    return [...this.#named.values()];
  }

  /** A value was heard further than before: it keeps its name. */
  extend(known: KnownValue, value: string, said = value): KnownValue {
    const longer = {
      ...known,
      value: (known.value + value).slice(0, MAX_CHARS),
      isWhole: false,
      said: `${known.said} ${said}`.slice(0, MAX_CHARS),
    };
    this.#byKey.delete(keyOf(known.type, known.value));
    return this.#remember(keyOf(longer.type, longer.value), longer);
  }

  /** The known number that `digits` repeats, in part or within a longer one. */
  echoOf(digits: string): KnownValue | undefined {
    if (digits.length < MIN_ECHO_DIGITS || digits.length > MAX_CHARS) return undefined;
    for (const { known, digits: others } of this.#numbers.values()) {
      const isPart = others.includes(digits);
      if (isPart || (others.length >= MIN_CONTAINED_DIGITS && digits.includes(others))) return known;
    }
    return undefined;
  }

  /** The known name that a word (folded) is part of. */
  nameWith(word: string): KnownValue | undefined {
    return this.#words.get(word);
  }

  #remember(key: string, known: KnownValue): KnownValue {
    const name = nameOf(known.type, known.number);
    this.#byKey.set(key, known);
    this.#named.set(name, known);
    const digits = known.value.replaceAll(/\D/g, '');
    if (NUMBERS.has(known.type) && digits.length >= MIN_ECHO_DIGITS) {
      this.#numbers.set(name, { known, digits });
    }
    for (const word of known.type === 'NAME' ? known.value.split(/[^\p{L}]+/u) : []) {
      if (word.length >= MIN_ECHO_LETTERS) this.#words.set(word, known);
    }
    return known;
  }

  #nextNumber(type: EntityType): number {
    const number = (this.#used.get(type) ?? 0) + 1;
    this.#used.set(type, number);
    return number;
  }
}

function nameOf(type: EntityType, number: number): string {
  return `${type}_${number}`;
}

function keyOf(type: EntityType, value: string): string {
  return `${type} ${value.slice(0, MAX_CHARS)}`;
}
