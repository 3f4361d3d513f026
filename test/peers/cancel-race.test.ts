/**
 * CANCEL at every moment that makes it a race: beside the 200, right behind the INVITE, before it, after everything. Each
 * call gets one final answer, what both sides believe of it agrees, and nothing of it is left in the node.
 *
 * With `EARSHOT_FLOW_SECONDS` it waits until the last transaction is forgotten, which is more than half a minute.
 */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import { RacingCallee, type CalleePlan } from './flows/racing-callee.ts';
import { RacingCaller, type CallerNotes } from './flows/racing-caller.ts';
import { WholeNode } from './whole-node.ts';

const CALLS = 140;
const BETWEEN_CALLS_MS = 5;
const isLong = Number(process.env['EARSHOT_FLOW_SECONDS'] ?? 0) > 0;

let plan: CalleePlan = {};
let callee: RacingCallee;
let caller: RacingCaller;
let node: WholeNode;
/** Ms by which a CANCEL comes before or after its call's 200, by Call-ID. */
const answersAt = new Map<string, number>();
/** Everything that runs, in the order it was started. */
const started: { stop(): void | Promise<void> }[] = [];

beforeAll(async () => {
  callee = await RacingCallee.open((callId) => {
    const answersAfterMs = answersAt.get(callId);
    return answersAfterMs === undefined ? plan : { ...plan, answersAfterMs };
  });
  started.push(callee);
  node = await WholeNode.startWith({
    tenants: [{ id: 'racing', next: [`sip:127.0.0.1:${callee.port}`], media: { caller: 'rtp', callee: 'rtp' } }],
    call: { reservePairs: 512 },
  });
  started.push(node);
  caller = await RacingCaller.open(node.sipPort);
  started.push(caller);
});

afterEach(() => answersAt.clear());

afterAll(async () => {
  try {
    if (isLong)
      await until('nothing is remembered', async () => (await node.metric('earshot_sip_transactions')) === 0, 60_000);
  } finally {
    for (const each of started.reverse()) await each.stop();
  }
});

test('a CANCEL that crosses the 200 either ends the call or comes too late, and both sides agree which', async () => {
  plan = { ringsAfterMs: 0 };
  // From well before the 200 to well after it, by the millisecond.
  const calls = await race((callId, at) => {
    answersAt.set(callId, 30);
    return [30 + (at % 15) - 7];
  });

  await until('every call is settled', () => calls.every(isSettled));

  for (const { callId, invited, cancelled, ended } of calls) {
    const there = callee.notes.get(callId);
    expect(cancelled).toEqual([200]);
    expect([200, 487]).toContain(invited[0]);
    expect(invited).toHaveLength(1);
    expect(there).toMatchObject({ acks: 1, earlyCancels: 0 });
    const isAnswered = invited[0] === 200;
    expect(there).toMatchObject({ hasAnswered: isAnswered, byes: isAnswered ? 1 : 0 });
    expect(ended).toEqual(isAnswered ? [200] : []);
  }
  expect(new Set(calls.map(({ invited }) => invited[0])).size).toBe(2);
});

test('a CANCEL right behind its INVITE, and once more, waits until it rings and then ends the call', async () => {
  plan = { ringsAfterMs: 40, answersAfterMs: 2000 };
  const calls = await race(() => [0, 5]);

  await until('every call is settled', () => calls.every(isSettled));

  for (const { callId, invited, cancelled } of calls) {
    expect([invited, cancelled]).toEqual([[487], [200, 200]]);
    expect(callee.notes.get(callId)).toMatchObject({ cancels: 1, earlyCancels: 0, acks: 1, hasAnswered: false });
  }
});

test('a callee that answers without ever ringing has a call, though it was cancelled at once', async () => {
  plan = { answersAfterMs: 40 };
  const calls = await race(() => [0]);

  await until('every call is settled', () => calls.every(isSettled));

  for (const { callId, invited, cancelled, ended } of calls) {
    expect([invited, cancelled, ended]).toEqual([[200], [200], [200]]);
    expect(callee.notes.get(callId)).toMatchObject({ cancels: 0, acks: 1, byes: 1 });
  }
});

test('a CANCEL that overtakes its INVITE is told that there is nothing to cancel, and one after the answer changes nothing', async () => {
  plan = { ringsAfterMs: 0, answersAfterMs: 20 };
  const calls = await race(() => [-1, 300]);

  await until('every call is settled', () =>
    calls.every(({ cancelled, ended }) => cancelled.length === 2 && ended.length === 1),
  );

  for (const { callId, invited, cancelled, ended } of calls) {
    expect([invited, cancelled, ended]).toEqual([[200], [481, 200], [200]]);
    expect(callee.notes.get(callId)).toMatchObject({ cancels: 0, acks: 1, byes: 1 });
  }
});

test('nothing is left of any of these calls', async () => {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);

  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  expect(await node.metric('earshot_media_sessions')).toBe(0);
  for (const what of ['failures', 'dropped']) {
    expect([what, await node.metric(`earshot_sip_${what}_total`)]).toEqual([what, 0]);
  }
});

/** Begins one call after the other; `cancels` says when each is given up, and is told which it is. */
async function race(cancels: (callId: string, at: number) => readonly number[]): Promise<CallerNotes[]> {
  const calls: CallerNotes[] = [];
  const name = expect.getState().currentTestName?.length ?? 0;
  for (let at = 0; at < CALLS; at++) {
    const callId = `race-${name}-${at}`;
    calls.push(caller.call({ callId, cancelsAfterMs: cancels(callId, at) }));
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_CALLS_MS));
  }
  return calls;
}

/** It has every answer that it waits for, and the callee its ACK. */
function isSettled({ callId, invited, cancelled, ended }: CallerNotes): boolean {
  const isAcknowledged = callee.notes.get(callId)?.acks === 1;
  return isAcknowledged && invited.length > 0 && cancelled.length > 0 && (invited[0] !== 200 || ended.length > 0);
}
