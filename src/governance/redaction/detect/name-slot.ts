/**
 * What is said after a question for a name: everything but the words that carry an answer. Recognisers write names they
 * do not know as other words, and a spelled one as chunks, so nothing else tells which word is part of it.
 */

import type { Token } from '../speech/token.ts';
import type { Detection, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';

/** Never part of a name, or as good as never. */
const CARRIERS = new Set(
  (
    "is my the it it's that that's this i'm yes yeah yep no okay ok sure hello hi hey uh um er erm mm hmm so well and " +
    'name surname first last middle full family forename sorry thanks thank you please of in on me to at for as an not ' +
    'your can could would what who how do does did but or with from have has had was were been'
  ).split(' '),
);
/** The question itself is asked again, or put off: words of no name. */
const DEFERRALS = new Set(
  (
    'repeat question hear heard understand sorry pardon again moment minute second hold wait wondering already told said ' +
    "asking asked because account about calling call speak agent someone don't didn't can't couldn't we they there " +
    'want wanted need help which when where just'
  ).split(' '),
);
/** Carriers that are letters, or sound like one, when a name is spelled. */
const LETTERS = new Set('a i am an are you and er in on at me be why hey to for of or oh is'.split(' '));
/** A turn with so many words that put off is a turn of talk. */
const MIN_DEFERRALS = 2;

export function detectNameSlot({ tokens, left }: Window): Detection {
  if (tokens[tokens.length - 1]?.asked !== 'name' && tokens[left]?.asked !== 'name') return nothingFound(tokens.length);
  const isTalk = isPutOff(tokens);
  const findings: Finding[] = [];
  for (let at = left; at < tokens.length; at += 1) {
    if (!isPart(tokens, at, isTalk)) continue;
    const start = at;
    while (at + 1 < tokens.length && isPart(tokens, at + 1, isTalk)) at += 1;
    findings.push({
      start,
      end: at + 1,
      type: 'NAME',
      confidence: 0.95,
      rule: 'name.asked',
      value: valueOf(tokens, start, at + 1),
    });
  }
  return findings.length > 0 ? { findings, holdFrom: tokens.length } : nothingFound(tokens.length);
}

function isPart(tokens: readonly Token[], at: number, isTalk: boolean): boolean {
  const token = tokens[at];
  if (token?.asked !== 'name') return false;
  if (token.kind === 'mark')
    return (
      token.text === '-' &&
      token.lead === '' &&
      isPlainPart(tokens[at - 1], isTalk) &&
      isPlainPart(tokens[at + 1], isTalk)
    );
  if (token.fold === 'a' || token.fold === 'i') {
    return isPlainPart(tokens[at - 1], isTalk) || isSpelled(tokens[at - 1]) || isSpelled(tokens[at + 1]);
  }
  if (LETTERS.has(token.fold)) return isSpelled(tokens[at - 1]) || isSpelled(tokens[at + 1]);
  return isPlainPart(token, isTalk);
}

function isPlainPart(token: Token | undefined, isTalk: boolean): boolean {
  if (token?.asked !== 'name' || token.kind === 'mark') return false;
  if (token.fold === 'a' || token.fold === 'i' || LETTERS.has(token.fold) || CARRIERS.has(token.fold)) return false;
  return !(isTalk && DEFERRALS.has(token.fold));
}

/** A letter by itself, or a chunk of a spelling. */
function isSpelled(token: Token | undefined): boolean {
  if (token?.kind !== 'word') return false;
  return token.fold.length === 1 || (token.symbol?.kind === 'letter' && !token.symbol.isWord);
}

function isPutOff(tokens: readonly Token[]): boolean {
  let found = 0;
  for (const token of tokens) if (token.asked === 'name' && DEFERRALS.has(token.fold)) found += 1;
  return found >= MIN_DEFERRALS;
}

function valueOf(tokens: readonly Token[], start: number, end: number): string {
  let value = '';
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (token && token.kind !== 'mark') value += `${value === '' ? '' : ' '}${token.fold}`;
  }
  return value;
}
