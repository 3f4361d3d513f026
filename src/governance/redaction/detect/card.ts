/** Payment cards: their long number and the code on the back. Says nothing of who the holder is. */

import cardValidator from 'card-validator';
import { readText } from '../speech/readings.ts';
import { CHECKED, confidenceOf, CUED, digitReadings, SHAPED, type Claim, type NumberFacts } from './number-facts.ts';

/** ISO/IEC 7812-1 allows up to 19 digits; the shortest in use have 12. */
const MIN_DIGITS = 12;
const MAX_DIGITS = 19;

/** A reading that is a card number by its check digit, and of a known issuer. */
export function claimCheckedCard(facts: NumberFacts): Claim | undefined {
  // Twenty digits may read as nineteen: "twenty four" is two of them or three.
  if (facts.digits < MIN_DIGITS || facts.digits > MAX_DIGITS + 2) return undefined;
  for (const value of digitReadings(facts)) {
    if (value.length < MIN_DIGITS || value.length > MAX_DIGITS || !isLuhn(value)) continue;
    const isKnown = cardValidator.number(value).card !== null;
    const confidence = isKnown ? CHECKED : CUED;
    return { type: 'CARD', confidence, rule: isKnown ? 'card.issuer' : 'card.luhn', value, isWhole: isKnown };
  }
  return undefined;
}

/** What the talk says is a card, or part of one ("ending in"); a check digit that fails is as likely a mishearing. */
export function claimCuedCard(facts: NumberFacts): Claim | undefined {
  if (facts.topic !== 'card' || facts.digits < (facts.isAsked ? 1 : 3)) return undefined;
  return { type: 'CARD', confidence: confidenceOf(facts), rule: 'card.cue', value: facts.run.digits };
}

export function claimShapedCard(facts: NumberFacts): Claim | undefined {
  if (facts.digits < MIN_DIGITS || facts.digits > MAX_DIGITS) return undefined;
  return { type: 'CARD', confidence: SHAPED, rule: 'card.length', value: facts.run.digits };
}

/** Security codes are never kept, so they have no value (PCI DSS 3.3.1). */
export function claimCvv(facts: NumberFacts): Claim | undefined {
  const isCode = facts.digits >= 3 && facts.digits <= 4;
  if (facts.topic !== 'cvv' || !(isCode || (facts.isAsked && facts.digits > 0 && facts.digits < MIN_DIGITS))) {
    return undefined;
  }
  return { type: 'CVV', confidence: confidenceOf(facts), rule: 'cvv.cue' };
}

/** How many of a run's members are a card number, when more was said behind it in the same breath: its expiry, its code. */
export function membersOfCard({ run, digits, letters }: NumberFacts): number | undefined {
  if (letters > 0 || digits <= MIN_DIGITS + 4) return undefined;
  for (let count = 1; count < run.parts.length; count += 1) {
    const text = readText(run.parts.slice(0, count));
    if (text.length > MAX_DIGITS) return undefined;
    if (text.length > MIN_DIGITS && isLuhn(text) && cardValidator.number(text).isValid) return count;
  }
  return undefined;
}

/** ISO/IEC 7812-1 annex B. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const weighted = at % 2 === 0 ? digit : 2 * digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
