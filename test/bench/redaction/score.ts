/**
 * What a mask lets through. Leak is counted in letters and digits; a value leaks when enough of it is left to be of
 * use; recall is full when nothing is left. Knows nothing of how the mask was made.
 */

import type { Row, Span } from './rows.ts';

export const STRUCTURED: ReadonlySet<string> = new Set(
  'CREDIT_CARD PHONE_NUMBER US_SSN IBAN_CODE EMAIL_ADDRESS IP_ADDRESS DOMAIN_NAME ZIP_CODE DATE_TIME AGE'.split(' '),
);

export interface TypeTally {
  readonly spans: number;
  readonly chars: number;
  readonly left: number;
  readonly leaked: number;
  readonly whole: number;
}

const NOTHING: TypeTally = { spans: 0, chars: 0, left: 0, leaked: 0, whole: 0 };

const SYMBOL = /[\p{L}\p{N}]/u;
const NUMBER_WORDS = new Set(
  (
    'zero oh o nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ' +
    'seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety'
  ).split(' '),
);

export class Tally {
  readonly types = new Map<string, TypeTally>();
  #outside = 0;
  #masked = 0;
  #clean = 0;
  #touched = 0;

  /** `mask` is 1 for every UTF-16 unit of the text that is hidden. */
  add({ text, spans }: Row, mask: Uint8Array): void {
    const inside = new Uint8Array(text.length);
    for (const span of spans) {
      inside.fill(1, span.s, span.e);
      this.#addSpan(text, span, mask);
    }
    let masked = 0;
    for (let at = 0; at < text.length; at += 1) {
      if (inside[at] === 1 || !SYMBOL.test(text.charAt(at))) continue;
      this.#outside += 1;
      masked += mask[at] ?? 0;
    }
    this.#masked += masked;
    if (spans.length > 0) return;
    this.#clean += 1;
    if (masked > 0) this.#touched += 1;
  }

  /** In percent of letters and digits, over the types that are wanted. */
  leak(isWanted: (type: string) => boolean = () => true): number {
    const { left, chars } = this.sum(isWanted);
    return percent(left, chars);
  }

  sum(isWanted: (type: string) => boolean = () => true): TypeTally {
    return [...this.types].filter(([type]) => isWanted(type)).reduce((all, [, one]) => add(all, one), NOTHING);
  }

  /** Letters and digits hidden that are nobody's business to hide, in percent. */
  get falseChars(): number {
    return percent(this.#masked, this.#outside);
  }

  /** Rows without anything to hide of which something was hidden, in percent. */
  get cleanRowsTouched(): number {
    return percent(this.#touched, this.#clean);
  }

  #addSpan(text: string, span: Span, mask: Uint8Array): void {
    let chars = 0;
    let left = 0;
    for (let at = span.s; at < span.e; at += 1) {
      if (!SYMBOL.test(text.charAt(at))) continue;
      chars += 1;
      if (mask[at] !== 1) left += 1;
    }
    const leaked = isLeaked(text, span, mask, { chars, left }) ? 1 : 0;
    const one = { spans: 1, chars, left, leaked, whole: left === 0 ? 1 : 0 };
    this.types.set(span.t, add(this.types.get(span.t) ?? NOTHING, one));
  }
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

function add(a: TypeTally, b: TypeTally): TypeTally {
  return {
    spans: a.spans + b.spans,
    chars: a.chars + b.chars,
    left: a.left + b.left,
    leaked: a.leaked + b.leaked,
    whole: a.whole + b.whole,
  };
}

/** Whether enough of the value is left to be of use. */
function isLeaked(
  text: string,
  { s, e, t }: Span,
  mask: Uint8Array,
  { chars, left }: { readonly chars: number; readonly left: number },
): boolean {
  switch (t) {
    case 'CREDIT_CARD':
    case 'PHONE_NUMBER':
    case 'US_SSN':
    case 'IBAN_CODE':
      return digitsLeft(text, s, e, mask) > 4;
    case 'EMAIL_ADDRESS':
      return isAnyLeft(text, s, s + localPartLength(text.slice(s, e)), mask);
    case 'ZIP_CODE':
    case 'postcode':
      return left >= 2;
    case 'PERSON':
    case 'name':
    case 'DATE_TIME':
    case 'AGE':
    case 'dob':
      return left > 0;
    default:
      return left > chars / 2;
  }
}

/** A digit in writing, or a word that says one or two. */
function digitsLeft(text: string, s: number, e: number, mask: Uint8Array): number {
  let count = 0;
  for (const { 0: found, index } of text.slice(s, e).matchAll(/\p{Nd}|\p{L}+/gu)) {
    const isNumber = /^\p{Nd}/u.test(found) || NUMBER_WORDS.has(found.toLowerCase());
    if (isNumber && isAnyLeft(text, s + index, s + index + found.length, mask)) count += 1;
  }
  return count;
}

function localPartLength(address: string): number {
  const at = address.search(/@| at /);
  return at < 0 ? address.length : at;
}

function isAnyLeft(text: string, s: number, e: number, mask: Uint8Array): boolean {
  for (let at = s; at < e; at += 1) if (mask[at] !== 1 && SYMBOL.test(text.charAt(at))) return true;
  return false;
}
