/**
 * Numbers that states give to people: social security, tax, health, passport, licence. Shapes and check digits are
 * those the issuers publish; without a cue only numbers with letters are told from others by them.
 */

import { validate as isDni } from 'stdnum/lib/cjs/es/dni.js';
import { validate as isNie } from 'stdnum/lib/cjs/es/nie.js';
import { validate as isNino } from 'stdnum/lib/cjs/gb/nino.js';
import { validate as isPan } from 'stdnum/lib/cjs/in/pan.js';
import { validate as isCodiceFiscale } from 'stdnum/lib/cjs/it/codicefiscale.js';
import { validate as isTfn } from 'stdnum/lib/cjs/au/tfn.js';
import { validate as isSin } from 'stdnum/lib/cjs/ca/sin.js';
import { validate as isSteuerId } from 'stdnum/lib/cjs/de/idnr.js';
import { validate as isNir } from 'stdnum/lib/cjs/fr/nir.js';
import { validate as isAadhaar } from 'stdnum/lib/cjs/in/aadhaar.js';
import { validate as isPesel } from 'stdnum/lib/cjs/pl/pesel.js';
import { readingsOf } from '../speech/readings.ts';
import { CHECKED, confidenceOf, CUED, type Claim, type NumberFacts } from './number-facts.ts';

type Check = (value: string) => { readonly isValid: boolean };

/** With letters in places that say what it is, by length. A number of this shape is seldom anything else. */
const LETTERED: readonly (readonly [string, number, Check])[] = [
  ['nino', 9, isNino],
  ['es_dni', 9, isDni],
  ['es_nie', 9, isNie],
  ['in_pan', 10, isPan],
  ['it_codice', 16, isCodiceFiscale],
  ['uk_licence', 16, check(isDrivingLicence)],
];
/** Digits alone: one in ten of any other numbers passes, so these only make a cue surer. */
const DIGITS: readonly (readonly [string, number, Check])[] = [
  ['uk_nhs', 10, check(isNhsNumber)],
  ['ca_sin', 9, isSin],
  ['au_tfn', 9, isTfn],
  ['au_medicare', 10, check(isMedicare)],
  ['in_aadhaar', 12, isAadhaar],
  ['de_steuer_id', 11, isSteuerId],
  ['fr_nir', 15, isNir],
  ['pl_pesel', 11, isPesel],
];

/** The American number is so often asked for that it has a type of its own; 9xx numbers are the tax office's (ITIN). */
export function claimSsn(facts: NumberFacts): Claim | undefined {
  const { digits, run, topic } = facts;
  if (topic === 'ssn' && digits >= (facts.isAsked ? 1 : 3) && digits <= 12) {
    return { type: 'SSN', confidence: confidenceOf(facts), rule: 'ssn.cue', value: run.digits };
  }
  const [first, second, third] = run.groups;
  const isGrouped = run.groups.length === 3 && first === 3 && second === 2 && third === 4;
  return isGrouped ? { type: 'SSN', confidence: CUED, rule: 'ssn.groups', value: run.digits } : undefined;
}

export function claimLetteredId(facts: NumberFacts): Claim | undefined {
  const { length } = facts.run.text;
  if (facts.letters === 0 || facts.digits < 4 || length < 9 || length > 17) return undefined;
  for (const reading of readingsOf(facts.run.parts)) {
    const value = reading.toUpperCase();
    const found = LETTERED.find(([, size, isRight]) => size === value.length && isRight(value).isValid);
    if (found) return { type: 'NATIONAL_ID', confidence: CHECKED, rule: `id.${found[0]}`, value };
  }
  return undefined;
}

export function claimCuedId(facts: NumberFacts): Claim | undefined {
  const { run, digits } = facts;
  const least = facts.isAsked ? 1 : 3;
  if (facts.topic !== 'national_id' || run.text.length < least || digits === 0 || digits > 19) return undefined;
  const value = run.text.toUpperCase();
  const found = DIGITS.find(([, size, isRight]) => size === value.length && isRight(value).isValid);
  if (found) return { type: 'NATIONAL_ID', confidence: CHECKED, rule: `id.${found[0]}`, value };
  return { type: 'NATIONAL_ID', confidence: confidenceOf(facts), rule: 'id.cue', value };
}

function check(test: (value: string) => boolean): Check {
  return (value) => ({ isValid: test(value) });
}

/** Ten digits, the last one eleven less the weighted sum of the others modulo eleven. */
export function isNhsNumber(digits: string): boolean {
  if (!/^[0-9]{10}$/.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < 9; at += 1) sum += (10 - at) * digitAt(digits, at);
  return (11 - (sum % 11)) % 11 === digitAt(digits, 9);
}

/** Ten digits, the ninth a weighted sum of the eight before it; the tenth counts the cards issued. */
export function isMedicare(digits: string): boolean {
  if (!/^[2-6][0-9]{9}$/.test(digits)) return false;
  const weights = [1, 3, 7, 9, 1, 3, 7, 9];
  let sum = 0;
  for (const [at, weight] of weights.entries()) sum += weight * digitAt(digits, at);
  return sum % 10 === digitAt(digits, 8);
}

/** Five of the surname filled with nines, decade, month (fifty more for women), day, year, initials and three more. */
export function isDrivingLicence(value: string): boolean {
  return /^[A-Z]{1,5}9{0,4}[0-9][0156][0-9][0-3][0-9]{2}[A-Z9]{2}[0-9A-Z]{3}$/.test(value) && value.length === 16;
}

function digitAt(digits: string, at: number): number {
  return digits.charCodeAt(at) - 48;
}
