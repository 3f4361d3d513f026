/** Calls that a proxy below the node forks to two callees: what the caller and each of the two do. sipp scenarios, as XML. */

import {
  acknowledgesRefusal,
  answers,
  answersInvite,
  asks,
  cancels,
  hears,
  invites,
  pauses,
  scenario,
  waitsFor,
  waitsForInvite,
} from './scenario.ts';

export interface ForkFlow {
  readonly caller: string;
  readonly first: string;
  readonly second: string;
}

/** The node, and the proxy that forks. */
const proxies = 2;
const OFFER = { name: 'offer' };
const BY_FIRST = { sdp: { name: 'first' }, proxies };
const BY_SECOND = { sdp: { name: 'second' }, proxies };
const ANSWER_AFTER_MS = 200;
const CANCEL_AFTER_MS = 100;
const SECOND_AFTER_MS = 100;
const FIRST_HOLDS_MS = 3500;

/** Both have early media; the first answers and the second is cancelled. */
export function oneAnswers(uri: string): ForkFlow {
  return {
    caller: scenario('caller', [
      invites({ uri, sdp: OFFER }),
      hears(183, { mayTry: true }),
      hears(183),
      hears(200, { makesDialog: true }),
      asks('caller', 'ACK', { cseq: 1, isAck: true, isToLast: true }),
      pauses(ANSWER_AFTER_MS),
      asks('caller', 'BYE', { cseq: 2, isToLast: true }),
      hears(200),
    ]),
    first: scenario('first', [
      waitsForInvite({ proxies }),
      answersInvite('183 Session Progress', BY_FIRST),
      pauses(ANSWER_AFTER_MS),
      answersInvite('200 OK', BY_FIRST),
      waitsFor('ACK'),
      waitsFor('BYE'),
      answers('callee'),
    ]),
    second: cancelled('second'),
  };
}

/** Both have early media, and the caller gives up. */
export function callerGivesUp(uri: string): ForkFlow {
  return {
    caller: scenario('caller', [
      invites({ uri, sdp: OFFER }),
      hears(183, { mayTry: true }),
      hears(183),
      pauses(CANCEL_AFTER_MS),
      cancels(uri),
      hears(200),
      hears(487),
      acknowledgesRefusal(uri),
    ]),
    first: cancelled('first'),
    second: cancelled('second'),
  };
}

/** Both answer. The caller acknowledges both, and hangs up on the second; the first talks on, and hangs up itself. */
export function bothAnswer(uri: string): ForkFlow {
  return {
    caller: scenario('caller', [
      invites({ uri, sdp: OFFER }),
      hears(200, { makesDialog: true, mayTry: true }),
      asks('caller', 'ACK', { cseq: 1, isAck: true, isToLast: true }),
      hears(200, { makesDialog: true }),
      asks('caller', 'ACK', { cseq: 1, isAck: true, isToLast: true }),
      asks('caller', 'BYE', { cseq: 2, isToLast: true }),
      hears(200),
      waitsFor('BYE'),
      answers('caller'),
    ]),
    first: scenario('first', [
      waitsForInvite({ proxies }),
      answersInvite('200 OK', BY_FIRST),
      waitsFor('ACK'),
      pauses(FIRST_HOLDS_MS),
      asks('callee', 'BYE', { cseq: 1 }),
      hears(200),
    ]),
    second: scenario('second', [
      waitsForInvite({ proxies }),
      pauses(SECOND_AFTER_MS),
      answersInvite('200 OK', BY_SECOND),
      waitsFor('ACK'),
      waitsFor('BYE'),
      answers('callee'),
    ]),
  };
}

function cancelled(name: 'first' | 'second'): string {
  return scenario(name, [
    waitsForInvite({ proxies }),
    answersInvite('183 Session Progress', name === 'first' ? BY_FIRST : BY_SECOND),
    waitsFor('CANCEL'),
    answers('callee', { isCancel: true }),
    answersInvite('487 Request Terminated', { proxies }),
    waitsFor('ACK'),
  ]);
}
