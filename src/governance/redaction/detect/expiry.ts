/** When a card expires, as far as it is said with the name of a month or an ordinal; its digits are judged with all numbers. */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { ASKED, confidenceOf, type Claim, type NumberFacts } from './number-facts.ts';

const MAX_DIGITS = 8;
/** Any month with a number is a date. */
const SURER_THAN_A_DATE = 0.9;

/** Expiry dates are never remembered, so they have no value. */
export function claimExpiry(facts: NumberFacts): Claim | undefined {
  const least = facts.isAsked ? 1 : 2;
  if (facts.topic !== 'expiry' || facts.digits < least || facts.digits > MAX_DIGITS) return undefined;
  return { type: 'EXPIRY', confidence: confidenceOf(facts), rule: 'expiry.cue' };
}

export const detectExpiry: Detector = ({ tokens, left }) => {
  let findings: Finding[] | undefined;
  for (let at = left; at < tokens.length; at += 1) {
    const token = tokens[at];
    const kind = token?.symbol?.kind;
    if (!token || (kind !== 'month' && kind !== 'ordinal')) continue;
    const isAsked = token.asked === 'expiry';
    if (!isAsked && (token.cue !== 'expiry' || !isDated(tokens, at))) continue;
    const confidence = isAsked ? ASKED : SURER_THAN_A_DATE;
    (findings ??= []).push({ start: at, end: at + 1, type: 'EXPIRY', confidence, rule: 'expiry.month' });
  }
  return findings ? { findings, holdFrom: tokens.length } : nothingFound(tokens.length);
};

/** "May" and "second" are other words too, unless a number or "of" stands beside them. */
function isDated(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.symbol?.kind === 'month' && token.fold !== 'may' && token.fold !== 'march') return true;
  return isNumberOrOf(tokens[at + 1]) || isNumberOrOf(tokens[at - 1]);
}

function isNumberOrOf(token: Token | undefined): boolean {
  switch (token?.symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
      return true;
    default:
      return token?.fold === 'of';
  }
}
