/** Numbers that prove who one is: PINs and one-time codes. They are never remembered, so they have no value. */

import { confidenceOf, CUED, type Claim, type NumberFacts } from './number-facts.ts';
import type { Token } from '../speech/token.ts';

const MIN_CODE = 3;
const MAX_CODE = 10;
/** How far before a number the word "code" makes it one. */
const MAX_WORDS_BEFORE = 3;

export function claimPinOrOtp(facts: NumberFacts): Claim | undefined {
  const { topic, digits, letters, run } = facts;
  const size = digits + letters;
  const least = facts.isAsked ? 1 : MIN_CODE;
  if (digits === 0 || size > MAX_CODE) return undefined;
  if (topic === 'pin' && size >= least) return { type: 'PIN', confidence: confidenceOf(facts), rule: 'pin.cue' };
  if (topic === 'otp' && size >= least) return { type: 'OTP', confidence: confidenceOf(facts), rule: 'otp.cue' };
  const isCode = size >= MIN_CODE && topic !== 'sort_code' && topic !== 'phone' && isAfterCode(facts.tokens, run.start);
  if (!isCode) return undefined;
  const isOfCard = (topic === 'card' || topic === 'expiry') && size <= 4;
  return isOfCard
    ? { type: 'CVV', confidence: CUED, rule: 'cvv.code' }
    : { type: 'OTP', confidence: CUED, rule: 'otp.code' };
}

/** "Your code is 4821", "the code: 4821". */
function isAfterCode(tokens: readonly Token[], start: number): boolean {
  for (let at = start - 1; at >= Math.max(0, start - MAX_WORDS_BEFORE); at -= 1) {
    const fold = tokens[at]?.fold;
    if (fold === 'code' || fold === 'passcode') return true;
  }
  return false;
}
