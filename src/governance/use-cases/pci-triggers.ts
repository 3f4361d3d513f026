/** What tells that card data is about to be given: who asks whom, and keys pressed one soon after another. Pure. */

import type { LegId } from '../../base/ids.ts';
import type { CallFact } from '../../model/call.ts';

/** A run of keys on one stream. */
export interface KeyRun {
  readonly keys: number;
  /** Of the last one, on our clock. */
  readonly lastUs: number;
}

/** A key that comes later than this after the one before begins another run. */
const SOON_US = 3_000_000;

/** The run with one more key. */
export function addKey(run: KeyRun | undefined, atUs: number): KeyRun {
  const goesOn = run !== undefined && atUs - run.lastUs <= SOON_US;
  return { keys: goesOn ? run.keys + 1 : 1, lastUs: Math.max(atUs, run?.lastUs ?? atUs) };
}

/** Whoever is neither agent nor machine; of a leg that the facts do not name it must be assumed. */
export function isCustomer({ legs }: Pick<CallFact, 'legs'>, leg: LegId): boolean {
  const role = legs.find((candidate) => candidate.leg === leg)?.role;
  return role !== 'agent' && role !== 'ivr';
}

/** Whether anybody in the call is no customer. Where nobody is, each takes the other for one. */
export function hasFirm({ legs }: CallFact): boolean {
  return legs.some(({ leg }) => !isCustomer({ legs }, leg));
}

/** Whether a question of this leg's is one for card data: a customer who asks which number is wanted gives none. */
export function mayAsk(fact: CallFact, leg: LegId): boolean {
  return !hasFirm(fact) || !isCustomer(fact, leg);
}

/** Customers that are heard on though the one leg gives card data: where all are customers, the others are who asked. */
export function othersOf(fact: CallFact, leg: LegId): LegId[] {
  return hasFirm(fact) ? [] : fact.legs.map((one) => one.leg).filter((other) => other !== leg);
}
