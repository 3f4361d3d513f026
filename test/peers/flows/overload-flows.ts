/** Calls that go on while others flood the node, and callers that flood it and take no for an answer. As sipp scenarios. */

import {
  acknowledgesRefusal,
  answers,
  answersInvite,
  asks,
  goesOnAt,
  hears,
  invites,
  isLabelled,
  mayHear,
  pauses,
  scenario,
  waitsFor,
  waitsForInvite,
  type Step,
} from './scenario.ts';

const OFFER = { sdp: { name: 'offer' } };
const ANSWER = { sdp: { name: 'answer' } };
/** Rounds of a call, each of a re-INVITE and an UPDATE from either side. */
const ROUNDS = [0, 1, 2, 3, 4];
const PAUSE_MS = 300;

/** In-dialog requests of one such call: its ACKs, all rounds, and the BYE. */
export const STEADY_REQUESTS = 1 + ROUNDS.length * 6 + 1;

export const steadyCaller = scenario('steady caller', [
  invites(OFFER),
  hears(180, { mayTry: true }),
  hears(200, { makesDialog: true }),
  asks('caller', 'ACK', { cseq: 1, isAck: true }),
  ...ROUNDS.flatMap((round): Step[] => [
    pauses(PAUSE_MS),
    asks('caller', 'INVITE', { cseq: 2 + 2 * round, sdp: { name: 'hold', direction: 'sendonly' } }),
    hears(200, { mayTry: true }),
    asks('caller', 'ACK', { cseq: 2 + 2 * round, isAck: true }),
    waitsFor('INVITE'),
    answers('caller', { ...ANSWER, isInvite: true }),
    waitsFor('ACK'),
    pauses(PAUSE_MS),
    asks('caller', 'UPDATE', { cseq: 3 + 2 * round, sdp: { name: 'resume' } }),
    hears(200),
    waitsFor('UPDATE'),
    answers('caller', ANSWER),
  ]),
  asks('caller', 'BYE', { cseq: 2 + 2 * ROUNDS.length }),
  hears(200),
]);

export const steadyCallee = scenario('steady callee', [
  waitsForInvite(),
  answersInvite('180 Ringing'),
  answersInvite('200 OK', ANSWER),
  waitsFor('ACK'),
  ...ROUNDS.flatMap((round): Step[] => [
    waitsFor('INVITE'),
    answers('callee', { sdp: { name: 'held', direction: 'recvonly' }, isInvite: true }),
    waitsFor('ACK'),
    asks('callee', 'INVITE', { cseq: 1 + 2 * round, sdp: { name: 'hold' } }),
    hears(200, { mayTry: true }),
    asks('callee', 'ACK', { cseq: 1 + 2 * round, isAck: true }),
    waitsFor('UPDATE'),
    answers('callee', ANSWER),
    asks('callee', 'UPDATE', { cseq: 2 + 2 * round, sdp: { name: 'resume' } }),
    hears(200),
  ]),
  waitsFor('BYE'),
  answers('callee'),
]);

/** A caller that is refused with 503 has come to its end as well as one that is answered and talks that long. */
export function floodingCaller(holdMs: number): string {
  return scenario('flooding caller', [
    invites(OFFER),
    mayHear(503, 'refused'),
    hears(180, { mayTry: true }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    pauses(holdMs),
    asks('caller', 'BYE', { cseq: 2 }),
    hears(200),
    goesOnAt('end'),
    isLabelled('refused'),
    acknowledgesRefusal(),
    isLabelled('end'),
  ]);
}
