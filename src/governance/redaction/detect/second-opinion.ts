/**
 * A second opinion on the words that are held, from whatever a deployment has: a model that recognises names, a list.
 * What it says only ever hides more. It is outside of us, so its answers are checked, and one that is wrong in form fails
 * the step: the leg is withheld rather than half judged.
 */

import { CodedError } from '../../../base/error.ts';
import type { EntityType } from '../../../model/transcript.ts';
import type { Detector, Finding, Window } from './detector.ts';

/** Words that make one thing to hide, by their places among those given, end exclusive. */
export interface Opinion {
  readonly start: number;
  readonly end: number;
  /** Capitals and underscores, as in `NAME`. */
  readonly type: EntityType;
  /** 0 to 1. */
  readonly confidence: number;
}

/**
 * Asked once for nearly every word that comes, with the up to 160 words around it, on the thread that redacts: it has well
 * under the 50 ms an event may take, for all words of that event. Words that everybody says are not asked about.
 */
export interface SecondOpinion {
  readonly name: string;
  find(words: readonly string[]): readonly Opinion[];
}

/** Says nothing of the words: neither what was asked nor what the answer was. */
export class SecondOpinionError extends CodedError<'OPINION_FAILED' | 'OPINION_INVALID'> {}

const TYPE = /^[A-Z][A-Z_]{0,31}$/;

export function secondOpinionDetector(provider: SecondOpinion): Detector {
  return ({ tokens, left }: Window) => {
    const opinions = ask(
      provider,
      tokens.map(({ text }) => text),
    );
    const findings: Finding[] = [];
    for (const { start, end, type, confidence } of opinions) {
      if (end > left) findings.push({ start, end, type, confidence, rule: 'second_opinion' });
    }
    return { findings, holdFrom: tokens.length };
  };
}

function ask(provider: SecondOpinion, words: readonly string[]): readonly Opinion[] {
  let answer: unknown;
  try {
    answer = provider.find(words);
  } catch {
    // What it threw may quote the words, so it goes no further.
    throw new SecondOpinionError('OPINION_FAILED', 'the second opinion was not given');
  }
  if (!Array.isArray(answer) || answer.length > words.length) throw invalid();
  return answer.map((one: unknown) => check(one, words.length));
}

function check(one: unknown, count: number): Opinion {
  if (typeof one !== 'object' || one === null) throw invalid();
  if (!('start' in one && 'end' in one && 'type' in one && 'confidence' in one)) throw invalid();
  const { start, end, type, confidence } = one;
  const isPlace = isWhole(start) && isWhole(end) && start < end && end <= count;
  if (!isPlace || typeof type !== 'string' || !TYPE.test(type)) throw invalid();
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1)) throw invalid();
  return { start, end, type, confidence };
}

function isWhole(place: unknown): place is number {
  return typeof place === 'number' && Number.isInteger(place) && place >= 0;
}

function invalid(): SecondOpinionError {
  return new SecondOpinionError('OPINION_INVALID', 'the second opinion has a wrong form');
}
