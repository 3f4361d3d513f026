/**
 * Says what a number is: card, phone, social security, or nothing worth hiding. The one place that asks the phone
 * number library, and it is only ever given a short string of digits.
 */

import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Cue } from './cues.ts';

export interface NumberFacts {
  readonly digits: string;
  readonly groups: readonly number[];
  readonly hasPlus: boolean;
}

export type NumberType = 'CARD' | 'PHONE' | 'SSN' | 'CVV' | 'EXPIRY' | 'NUMBER';

const MAX_PHONE_DIGITS = 15;
const DEFAULT_REGION = 'US';

/**
 * The type under which a number is hidden, or undefined when it may stay. A cue lowers what it takes; seven digits in
 * a row are hidden whatever they are, since a checksum that fails is as likely a mishearing as another number.
 */
export function typeOfNumber(number: NumberFacts, cue: Cue | undefined): NumberType | undefined {
  const { digits, groups } = number;
  const count = digits.length;
  if (cue === 'cvv' && count >= 3 && count <= 4) return 'CVV';
  if (cue === 'expiry' && count >= 1 && count <= 8) return 'EXPIRY';
  if (groups.join('-') === '3-2-4') return 'SSN';
  if (cue === 'ssn' && count >= 3 && count <= 9) return 'SSN';
  if (isCardNumber(digits) && !((number.hasPlus || cue === 'phone') && isPhone(number))) return 'CARD';
  if (cue === 'card' && count >= 4) return 'CARD';
  if (count > 19) return 'NUMBER';
  if (count > 12) return isPhone(number) ? 'PHONE' : 'CARD';
  if (count >= 7) return 'PHONE';
  return cue === 'phone' && count >= 5 ? 'PHONE' : undefined;
}

/** The type for digits that are hidden only because one cannot be sure: the open question's, or none in particular. */
export function typeWhenUnsure(cue: Cue | undefined): NumberType {
  switch (cue) {
    case 'card':
      return 'CARD';
    case 'phone':
      return 'PHONE';
    case 'ssn':
      return 'SSN';
    case 'cvv':
      return 'CVV';
    case 'expiry':
      return 'EXPIRY';
    default:
      return 'NUMBER';
  }
}

/** One spelling for one value: a phone number with and without its country code is the same number. */
export function canonicalNumber(type: NumberType, number: NumberFacts): string {
  return type === 'PHONE' ? (phoneOf(number)?.number ?? number.digits) : number.digits;
}

/** 12 to 19 digits whose check digit is right (ISO/IEC 7812-1 annex B). */
function isCardNumber(digits: string): boolean {
  return digits.length >= 12 && digits.length <= 19 && luhnSum(digits) % 10 === 0;
}

function luhnSum(digits: string): number {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const weighted = at % 2 === 0 ? digit : 2 * digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum;
}

function isPhone(number: NumberFacts): boolean {
  return phoneOf(number) !== undefined;
}

function phoneOf(number: NumberFacts): ReturnType<typeof parsePhoneNumberFromString> {
  if (number.digits.length > MAX_PHONE_DIGITS) return undefined;
  const parsed = parsePhoneNumberFromString(`${number.hasPlus ? '+' : ''}${number.digits}`, DEFAULT_REGION);
  return parsed?.isPossible() ? parsed : undefined;
}
