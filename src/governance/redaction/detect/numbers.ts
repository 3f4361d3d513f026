/**
 * Everything that is a number, from card to order number: finds the runs of digits and letters and asks one judge after
 * the other what each is. A run that may go on is held and not judged yet.
 */

import { readText } from '../speech/readings.ts';
import { openFrom, runsOf, type Run } from '../speech/runs.ts';
import type { Token } from '../speech/token.ts';
import { claimAccount, claimCuedIban, claimIban, claimSortCode } from './account.ts';
import { claimCheckedCard, claimCuedCard, claimCvv, claimShapedCard, membersOfCard } from './card.ts';
import type { Detector, Finding } from './detector.ts';
import { claimExpiry } from './expiry.ts';
import { claimCuedId, claimLetteredId, claimSsn } from './national-ids.ts';
import { nothingFound } from './nothing-found.ts';
import {
  CHECKED,
  confidenceOf,
  CUED,
  factsOf,
  SHAPED,
  type Claim,
  type Judge,
  type NumberFacts,
} from './number-facts.ts';
import { claimCuedPhone, claimPlusPhone, claimShapedPhone } from './phone.ts';
import { claimPinOrOtp } from './pin.ts';
import { isIdle, isQuantity, isTimeOrYear } from './quantity.ts';
import { claimCuedReference, claimMixed } from './reference.ts';

/** In the order they are asked: what a shape proves, what the talk announces, what a shape suggests. */
const JUDGES: readonly Judge[] = [
  claimIban,
  claimCvv,
  claimPinOrOtp,
  claimExpiry,
  claimPlusPhone,
  claimCuedPhone,
  claimCheckedCard,
  claimCuedCard,
  claimSsn,
  claimLetteredId,
  claimCuedId,
  claimSortCode,
  claimCuedIban,
  claimAccount,
  claimCuedReference,
  claimMixed,
  claimShapedPhone,
  claimShapedCard,
  claimNumber,
];

const MIN_DIGITS = 5;
const MIN_CUED_DIGITS = 3;
const MIN_CORRECTED = 2;
/** An open run of so many digits is hidden whatever it becomes. */
const CERTAIN_DIGITS = 20;

export const detectNumbers: Detector = (window) => {
  const { tokens, isEnd } = window;
  const runs = runsOf(window);
  if (runs.length === 0) return nothingFound(tokens.length);
  const findings: Finding[] = [];
  for (let from = 0; from < runs.length;) {
    let to = from + 1;
    while (runs[to]?.corrects) to += 1;
    judgeChain(tokens, runs.slice(from, to), isEnd, findings);
    from = to;
  }
  return { findings, holdFrom: openFrom(window, runs) };
};

/** A value and its corrections are one value: what hides one of them hides them all, under the name of the last. */
function judgeChain(tokens: readonly Token[], chain: readonly Run[], isEnd: boolean, findings: Finding[]): void {
  let claim: Claim | undefined;
  let claimed: Run | undefined;
  let digits = 0;
  for (const run of chain) {
    const isUnsettled = run.isOpen && !isEnd;
    const next = isUnsettled && run.digits.length < CERTAIN_DIGITS ? undefined : judge(factsOf(tokens, run));
    if (next) claimed = run;
    claim = next ?? claim;
    if (!isUnsettled) digits += run.digits.length;
  }
  // A correction of the last few digits alone: both parts are short, and together they are not.
  if (claim === undefined && chain.length > 1 && digits >= MIN_DIGITS) {
    claim = { type: 'NUMBER', confidence: SHAPED, rule: 'number.corrected' };
  }
  if (claim === undefined) return;
  if (chain.length === 1 && claimed && claim.confidence < CHECKED && splitCard(tokens, claimed, findings)) return;
  for (const run of chain) {
    // "Sorry, one more thing" corrects nothing.
    if (chain.length > 1 && run !== claimed && run.text.length < MIN_CORRECTED) continue;
    const { type, confidence, rule, value } = claim;
    findings.push({ ...edgesOf(run, claim), type, confidence, rule, value });
  }
}

/** A card with its expiry or code behind it: those must not be remembered as part of a number. */
function splitCard(tokens: readonly Token[], run: Run, findings: Finding[]): boolean {
  const count = membersOfCard(factsOf(tokens, run));
  const last = count === undefined ? undefined : run.members[count - 1];
  const next = count === undefined ? undefined : run.members[count];
  if (!last || !next) return false;
  const value = readText(run.parts.slice(0, count));
  const rest = run.digits.length - value.length;
  const type = rest === 3 ? 'CVV' : 'EXPIRY';
  findings.push(
    { start: run.outerStart, end: last.end, type: 'CARD', confidence: CHECKED, rule: 'card.first', value },
    { start: next.start, end: run.outerEnd, type, confidence: CUED, rule: 'card.behind' },
  );
  return true;
}

/** A number that is known to be whole has no homophones at its edges. */
function edgesOf(run: Run, { isWhole }: Claim): { readonly start: number; readonly end: number } {
  return {
    start: isWhole === true && !run.hasPlus ? run.start : run.outerStart,
    end: isWhole === true ? run.end : run.outerEnd,
  };
}

function judge(facts: NumberFacts): Claim | undefined {
  if (facts.run.text.length < 2 && !facts.isAsked) return undefined;
  if (isQuantity(facts) || isIdle(facts)) return undefined;
  if (!facts.isAsked && isTimeOrYear(facts)) return undefined;
  for (const ask of JUDGES) {
    const claim = ask(facts);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** Five digits of anything, three where a number was announced, any where one was asked for. */
function claimNumber(facts: NumberFacts): Claim | undefined {
  const { digits, run, topic, isAsked } = facts;
  const least = isAsked ? 1 : topic === undefined ? MIN_DIGITS : MIN_CUED_DIGITS;
  if (digits < least) return undefined;
  const confidence = topic === undefined ? SHAPED : confidenceOf(facts);
  return { type: 'NUMBER', confidence, rule: 'number.length', value: run.digits };
}
