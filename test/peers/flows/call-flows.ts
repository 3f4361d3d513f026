/**
 * The ways offers and answers travel, each as what a caller and a callee do (RFC 3261 §13, 3262, 3311, 3264). Between them
 * every message but a 100 is to arrive once, as it was sent.
 */

import {
  answers,
  answersInvite,
  answersInviteAtOnce,
  asks,
  goesOnAt,
  hears,
  invites,
  isLabelled,
  pauses,
  scenario,
  waitsFor,
  waitsForInvite,
  type Step,
} from './scenario.ts';

export interface CallFlow {
  readonly name: string;
  /** sipp scenarios, as XML. */
  readonly caller: string;
  readonly callee: string;
  /** What one call consists of, a 100 aside. */
  readonly requests: number;
  readonly responses: number;
  readonly descriptions: number;
}

const HOLD_MS = 300;
const PRACKED = ['Supported: 100rel'];
const FIRST_RELIABLE = ['Require: 100rel', 'RSeq: 1'];
const SECOND_RELIABLE = ['Require: 100rel', 'RSeq: 2'];
const [FIRST_ACKNOWLEDGED, SECOND_ACKNOWLEDGED] = ['RAck: 1 1 INVITE', 'RAck: 2 1 INVITE'];
const ringing = { makesDialog: true, mayTry: true };

/** Offer in the INVITE, answer in its 200. */
export const basic = flow('basic', {
  caller: [
    invites({ sdp: { name: 'offer' } }),
    hears(180, { mayTry: true }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    pauses(HOLD_MS),
    ...hangsUp(2),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('180 Ringing'),
    answersInvite('200 OK', { sdp: { name: 'answer' } }),
    waitsFor('ACK'),
    ...isHungUp(),
  ],
});

/** Answer in a reliable 183, which is acknowledged; a reliable 180 after it; nothing in the 200. */
export const prack = flow('prack', {
  caller: [
    invites({ sdp: { name: 'offer' }, extra: PRACKED }),
    hears(183, ringing),
    asks('caller', 'PRACK', { cseq: 2, extra: [FIRST_ACKNOWLEDGED] }),
    hears(200),
    hears(180),
    asks('caller', 'PRACK', { cseq: 3, extra: [SECOND_ACKNOWLEDGED] }),
    hears(200),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    pauses(HOLD_MS),
    ...hangsUp(4),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('183 Session Progress', { sdp: { name: 'answer' }, extra: FIRST_RELIABLE }),
    waitsFor('PRACK', { name: 'RAck', is: '1 1 INVITE' }),
    answers('callee'),
    answersInvite('180 Ringing', { extra: SECOND_RELIABLE }),
    waitsFor('PRACK', { name: 'RAck', is: '2 1 INVITE' }),
    answers('callee'),
    answersInvite('200 OK'),
    waitsFor('ACK'),
    ...isHungUp(),
  ],
});

/** No offer in the INVITE: it is in the reliable 183, and its answer in the PRACK (RFC 3262 §5). */
export const offerInProvisional = flow('offer in 183', {
  caller: [
    invites({ extra: PRACKED }),
    hears(183, ringing),
    asks('caller', 'PRACK', { cseq: 2, extra: [FIRST_ACKNOWLEDGED], sdp: { name: 'answer' } }),
    hears(200),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    pauses(HOLD_MS),
    ...hangsUp(3),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('183 Session Progress', { sdp: { name: 'offer' }, extra: FIRST_RELIABLE }),
    waitsFor('PRACK', { name: 'RAck', is: '1 1 INVITE' }),
    answers('callee'),
    answersInvite('200 OK'),
    waitsFor('ACK'),
    ...isHungUp(),
  ],
});

/** UPDATE from both sides while it rings and from both sides when it was answered. */
export const update = flow('update', {
  caller: [
    invites({ sdp: { name: 'offer' }, extra: PRACKED }),
    hears(183, ringing),
    asks('caller', 'PRACK', { cseq: 2, extra: [FIRST_ACKNOWLEDGED] }),
    hears(200),
    asks('caller', 'UPDATE', { cseq: 3, sdp: { name: 'early hold', direction: 'sendonly' } }),
    hears(200),
    waitsFor('UPDATE'),
    answers('caller', { sdp: { name: 'early answer' } }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    asks('caller', 'UPDATE', { cseq: 4, sdp: { name: 'hold', direction: 'sendonly' } }),
    hears(200),
    waitsFor('UPDATE'),
    answers('caller', { sdp: { name: 'answer to callee' } }),
    pauses(HOLD_MS),
    ...hangsUp(5),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('183 Session Progress', { sdp: { name: 'answer' }, extra: FIRST_RELIABLE }),
    waitsFor('PRACK', { name: 'RAck', is: '1 1 INVITE' }),
    answers('callee'),
    waitsFor('UPDATE'),
    answers('callee', { sdp: { name: 'early held', direction: 'recvonly' } }),
    asks('callee', 'UPDATE', { cseq: 1, sdp: { name: 'early resume' } }),
    hears(200),
    answersInvite('200 OK'),
    waitsFor('ACK'),
    waitsFor('UPDATE'),
    answers('callee', { sdp: { name: 'held', direction: 'recvonly' } }),
    asks('callee', 'UPDATE', { cseq: 2, sdp: { name: 'resume' } }),
    hears(200),
    ...isHungUp(),
  ],
});

/** Offer in the 200 and answer in the ACK; then the callee asks for an offer in the same way. */
export const lateOffer = flow('late offer', {
  caller: [
    invites(),
    hears(180, { mayTry: true }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true, sdp: { name: 'answer' } }),
    waitsFor('INVITE'),
    answers('caller', { sdp: { name: 'offer of the caller' }, isInvite: true }),
    waitsFor('ACK'),
    pauses(HOLD_MS),
    ...hangsUp(2),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('180 Ringing'),
    answersInvite('200 OK', { sdp: { name: 'offer' } }),
    waitsFor('ACK'),
    pauses(HOLD_MS),
    asks('callee', 'INVITE', { cseq: 1 }),
    hears(200, { mayTry: true }),
    asks('callee', 'ACK', { cseq: 1, isAck: true, sdp: { name: 'answer of the callee' } }),
    ...isHungUp(),
  ],
});

/** A basic call whose caller says in a header whether the first callee is to refuse it. */
export const failover = flow('failover', {
  caller: [
    invites({ sdp: { name: 'offer' }, extra: ['X-Plan: [field0]'] }),
    hears(180, { mayTry: true }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    pauses(HOLD_MS),
    ...hangsUp(2),
  ],
  callee: [
    waitsForInvite(),
    answersInvite('180 Ringing'),
    answersInvite('200 OK', { sdp: { name: 'answer' } }),
    waitsFor('ACK'),
    ...isHungUp(),
  ],
});

/** Changed by both and ended by the callee, however many proxies there are on the way. */
export const throughEdge = flow('through an edge', {
  caller: [
    invites({ sdp: { name: 'offer' } }),
    hears(180, { mayTry: true }),
    hears(200, { makesDialog: true }),
    asks('caller', 'ACK', { cseq: 1, isAck: true }),
    waitsFor('INVITE'),
    answers('caller', { sdp: { name: 'held', direction: 'recvonly' }, isInvite: true }),
    waitsFor('ACK'),
    pauses(HOLD_MS),
    asks('caller', 'UPDATE', { cseq: 2, sdp: { name: 'resume' } }),
    hears(200),
    waitsFor('BYE'),
    answers('caller'),
  ],
  callee: [
    waitsForInvite({ proxies: 0 }),
    answersInviteAtOnce('180 Ringing'),
    answersInviteAtOnce('200 OK', { sdp: { name: 'answer' } }),
    waitsFor('ACK'),
    pauses(HOLD_MS),
    asks('callee', 'INVITE', { cseq: 1, sdp: { name: 'hold', direction: 'sendonly' } }),
    hears(200, { mayTry: true }),
    asks('callee', 'ACK', { cseq: 1, isAck: true }),
    waitsFor('UPDATE'),
    answers('callee', { sdp: { name: 'resumed' } }),
    pauses(HOLD_MS),
    asks('callee', 'BYE', { cseq: 2 }),
    hears(200),
  ],
});

/** The first callee of those: it takes the calls that it is not to refuse. */
export const refuser = scenario('refuser', [
  waitsForInvite({ label: 'refuse' }),
  answersInvite('180 Ringing'),
  answersInvite('200 OK', { sdp: { name: 'answer' } }),
  waitsFor('ACK'),
  ...isHungUp(),
  goesOnAt('end'),
  isLabelled('refuse'),
  answersInvite('503 Service Unavailable'),
  waitsFor('ACK'),
  isLabelled('end'),
]);

function flow(
  name: string,
  { caller, callee }: { readonly caller: readonly Step[]; readonly callee: readonly Step[] },
): CallFlow {
  const sent = [...caller, ...callee].filter((step) => step.includes('<send'));
  const responses = sent.filter((step) => step.includes('\n\nSIP/2.0 ')).length;
  const descriptions = sent.filter((step) => step.includes('application/sdp')).length;
  const scenarios = { caller: scenario(name, caller), callee: scenario(name, callee) };
  return { name, ...scenarios, requests: sent.length - responses, responses, descriptions };
}

function hangsUp(cseq: number): Step[] {
  return [asks('caller', 'BYE', { cseq }), hears(200)];
}

function isHungUp(): Step[] {
  return [waitsFor('BYE'), answers('callee')];
}
