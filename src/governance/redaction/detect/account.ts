/** Bank accounts: IBAN, sort codes and routing numbers, account numbers. */

import { isValidIBAN } from 'ibantools';
import { readingsOf } from '../speech/readings.ts';
import { CHECKED, confidenceOf, CUED, SHAPED, type Claim, type NumberFacts } from './number-facts.ts';

const MIN_IBAN = 15;
const MAX_IBAN = 34;

/**
 * Two letters, two digits and what a country makes of the rest (ISO 13616). Hidden also when the check digits fail,
 * since recognisers mishear letters; readings differ in "o", which is a digit in one place and a letter in another.
 */
export function claimIban(facts: NumberFacts): Claim | undefined {
  const { text, parts } = facts.run;
  if (facts.letters < 2 || facts.digits < 8 || text.length < MIN_IBAN || text.length > MAX_IBAN + 4) return undefined;
  if (!hasIbanHead(text)) return undefined;
  const right = readingsOf(parts).find((reading) => isValidIBAN(reading.toUpperCase()));
  if (right !== undefined) {
    return { type: 'IBAN', confidence: CHECKED, rule: 'iban.checked', value: right.toUpperCase(), isWhole: true };
  }
  return { type: 'IBAN', confidence: CUED, rule: 'iban.shape', value: text.toUpperCase() };
}

export function claimCuedIban(facts: NumberFacts): Claim | undefined {
  if (facts.topic !== 'iban' || facts.digits < (facts.isAsked ? 1 : 3)) return undefined;
  return { type: 'IBAN', confidence: confidenceOf(facts), rule: 'iban.cue', value: facts.run.text.toUpperCase() };
}

export function claimSortCode(facts: NumberFacts): Claim | undefined {
  const { digits, run } = facts;
  if (facts.topic === 'sort_code' && digits >= (facts.isAsked ? 1 : 2) && digits <= 9) {
    return { type: 'SORT_CODE', confidence: confidenceOf(facts), rule: 'sort_code.cue', value: run.digits };
  }
  const isPairs = run.groups.length === 3 && run.groups.every((length) => length === 2) && hasDashes(facts);
  return isPairs ? { type: 'SORT_CODE', confidence: SHAPED, rule: 'sort_code.shape', value: run.digits } : undefined;
}

export function claimAccount(facts: NumberFacts): Claim | undefined {
  if (facts.topic !== 'account' || facts.digits < (facts.isAsked ? 1 : 3)) return undefined;
  return { type: 'ACCOUNT', confidence: confidenceOf(facts), rule: 'account.cue', value: facts.run.text };
}

function hasIbanHead(text: string): boolean {
  return isLetter(text, 0) && isLetter(text, 1) && isDigit(text, 2) && isDigit(text, 3);
}

function hasDashes({ run, tokens }: NumberFacts): boolean {
  return tokens[run.start + 1]?.fold === '-' && tokens[run.start + 3]?.fold === '-';
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 97 && code <= 122;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}
