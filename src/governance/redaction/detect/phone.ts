/** Telephone numbers. Seven digits in a row are hidden as one whatever a numbering plan says of them. */

import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import { confidenceOf, CUED, SHAPED, type Claim, type NumberFacts } from './number-facts.ts';

const MIN_DIGITS = 7;
/** "To" and "for" at its edges may make up the rest. */
const MIN_SURE_DIGITS = 5;
/** ITU-T E.164. */
const MAX_DIGITS = 15;

export function claimCuedPhone(facts: NumberFacts): Claim | undefined {
  if (facts.topic !== 'phone' || facts.digits < (facts.isAsked ? 1 : 3) || facts.digits > 24) return undefined;
  return { type: 'PHONE', confidence: confidenceOf(facts), rule: 'phone.cue', value: canonicalPhone(facts) };
}

/** What is written or said as an international number. */
export function claimPlusPhone(facts: NumberFacts): Claim | undefined {
  const { digits, run } = facts;
  if (!run.hasPlus || digits < MIN_DIGITS || digits > MAX_DIGITS) return undefined;
  return { type: 'PHONE', confidence: CUED, rule: 'phone.plus', value: canonicalPhone(facts) };
}

export function claimShapedPhone(facts: NumberFacts): Claim | undefined {
  const { digits, run } = facts;
  const isLong = digits >= MIN_DIGITS || (digits >= MIN_SURE_DIGITS && run.widest.length >= MIN_DIGITS);
  if (!isLong || digits > MAX_DIGITS) return undefined;
  const number = numberOf(facts);
  // More digits than a national number has are a telephone number only if some plan knows them.
  if (number === undefined && digits > 11) return undefined;
  const confidence = number === undefined ? SHAPED : 0.7;
  const isWhole = number !== undefined;
  return { type: 'PHONE', confidence, rule: 'phone.length', value: number ?? run.widest, isWhole };
}

function canonicalPhone(facts: NumberFacts): string {
  return numberOf(facts) ?? facts.run.digits;
}

/** In E.164, so that a number is the same with and without its country code; undefined when no plan knows it. */
function numberOf({ run, digits }: NumberFacts): string | undefined {
  if (digits < MIN_DIGITS || digits > MAX_DIGITS + 2) return undefined;
  if (run.hasPlus) return validNumber(`+${run.digits}`, undefined);
  if (run.digits.startsWith('00')) return validNumber(`+${run.digits.slice(2)}`, undefined);
  if (run.digits.startsWith('0')) return validNumber(run.digits, 'GB');
  return validNumber(run.digits, 'US') ?? (digits > 10 ? validNumber(`+${run.digits}`, undefined) : undefined);
}

function validNumber(text: string, region: CountryCode | undefined): string | undefined {
  const parsed = parsePhoneNumberFromString(text, region);
  return parsed?.isValid() ? parsed.number : undefined;
}
