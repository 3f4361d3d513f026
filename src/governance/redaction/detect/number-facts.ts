/** What is known of a run of digits and letters when it is judged, and what a judge says of it. */

import type { EntityType } from '../../../model/transcript.ts';
import { readingsOf } from '../speech/readings.ts';
import type { Run } from '../speech/runs.ts';
import type { Token, Topic } from '../speech/token.ts';

export interface NumberFacts {
  readonly run: Run;
  readonly tokens: readonly Token[];
  /** How many digits it has, and how many letters. */
  readonly digits: number;
  readonly letters: number;
  /** What makes a number likely here, by the leg's own words or by a question. */
  readonly topic: Topic | undefined;
  /** The other leg waits for a number: whatever is said is likely to be it. */
  readonly isAsked: boolean;
}

export interface Claim {
  readonly type: EntityType;
  readonly confidence: number;
  readonly rule: string;
  readonly value?: string | undefined;
  /** Its digits alone are known to be all of it, so that "to" and "for" beside it are words. */
  readonly isWhole?: boolean | undefined;
}

export type Judge = (facts: NumberFacts) => Claim | undefined;

/** How sure a number is: by its check digits, by a question, by a cue, by its shape alone. */
export const CHECKED = 1;
export const ASKED = 0.95;
export const CUED = 0.85;
export const SHAPED = 0.5;

const NUMBER_TOPICS: ReadonlySet<Topic> = new Set<Topic>([
  'card',
  'cvv',
  'expiry',
  'pin',
  'phone',
  'ssn',
  'national_id',
  'account',
  'sort_code',
  'iban',
  'reference',
  'otp',
  'number',
]);

export function factsOf(tokens: readonly Token[], run: Run): NumberFacts {
  const first = tokens[run.start];
  const asked = numberTopic(first?.asked);
  const cue = tokens[run.start - 1]?.fold === 'exp' ? 'expiry' : numberTopic(first?.cue);
  return {
    run,
    tokens,
    digits: run.digits.length,
    letters: run.text.length - run.digits.length,
    topic: cue !== undefined && cue !== 'number' ? cue : (asked ?? cue),
    isAsked: asked !== undefined,
  };
}

/** Readings as digits alone, the likeliest first. */
export function digitReadings({ run }: NumberFacts): readonly string[] {
  if (run.groups.length > 0) return [run.digits];
  return readingsOf(run.parts).map((text) => text.replaceAll(/[^0-9]/g, ''));
}

/** How sure a number is that fits what is talked about. */
export function confidenceOf({ isAsked }: NumberFacts): number {
  return isAsked ? ASKED : CUED;
}

function numberTopic(topic: Topic | undefined): Topic | undefined {
  return topic !== undefined && NUMBER_TOPICS.has(topic) ? topic : undefined;
}
