/** Order numbers, policies, plates, serials: letters and digits mixed, or whatever is announced as a reference. */

import { confidenceOf, SHAPED, type Claim, type NumberFacts } from './number-facts.ts';

const MIN_MIXED = 5;
/** "covid19" and "windows11" are words; a reference has more digits behind its word. */
const MIN_DIGITS_BESIDE_WORD = 3;

export function claimCuedReference(facts: NumberFacts): Claim | undefined {
  const { text } = facts.run;
  if (facts.topic !== 'reference') return undefined;
  if (text.length < (facts.isAsked ? 2 : 3) || (facts.digits === 0 && !facts.isAsked && text.length < 5))
    return undefined;
  return { type: 'ID', confidence: confidenceOf(facts), rule: 'reference.cue', value: text };
}

export function claimMixed(facts: NumberFacts): Claim | undefined {
  const { run, digits, letters } = facts;
  if (digits === 0 || letters === 0 || run.text.length < MIN_MIXED) return undefined;
  const hasWord = run.parts.some((part) => part.kind === 'word' && part.letters.length > 2);
  if (hasWord && digits < MIN_DIGITS_BESIDE_WORD) return undefined;
  return { type: 'ID', confidence: SHAPED, rule: 'reference.mixed', value: run.text };
}
