import { expect, test } from 'vitest';
import type { MediaPair } from '../../src/call/media/session-state.ts';
import { restoreCall, type Restorers } from '../../src/call/restore-call.ts';
import { CALL, CALLER_STREAM, callerBranch, session } from './media/worker/states.ts';

const state = session({ caller: { branches: [callerBranch({ firstArrivalUs: 77 })] } });
const parts = { call: CALL, signaling: 'dialogs', anchor: 'agreed', sessions: [state] };
const pairs = [state.sides.caller.pair, state.sides.callee.pair];

/** Those who go on with a call, one of whom may not be able to. */
function restorers(broken: 'anchor' | 'pool' | 'signaling' | 'nobody') {
  const done: unknown[][] = [];
  const doing =
    <Result>(who: string, result: Result) =>
    (...what: unknown[]): Result => {
      done.push([who, ...what]);
      if (who === `${broken}.restore`) throw new Error(`${broken} cannot`);
      return result;
    };
  const taking: Restorers = {
    anchor: { restore: doing<readonly MediaPair[]>('anchor.restore', pairs), end: doing('anchor.end', undefined) },
    pool: {
      restore: doing('pool.restore', undefined),
      end: doing('pool.end', undefined),
      freePair: doing('pool.freePair', undefined),
    },
    signaling: { restoreCall: doing('signaling.restore', undefined) },
    starts: { note: doing('starts.note', undefined), forget: doing('starts.forget', undefined) },
  };
  return { taking, done };
}

test('a call goes on with its ports first and its signaling last', () => {
  const { taking, done } = restorers('nobody');

  restoreCall(taking, parts);

  expect(done).toEqual([
    ['anchor.restore', 'agreed'],
    ['pool.restore', [state], pairs],
    ['starts.note', CALL, CALLER_STREAM, 77],
    ['signaling.restore', 'dialogs'],
  ]);
});

test('a call that was never anchored has no ports to take', () => {
  const { taking, done } = restorers('nobody');

  restoreCall(taking, { ...parts, anchor: undefined, sessions: [] });

  expect(done).toEqual([
    ['pool.restore', [], []],
    ['signaling.restore', 'dialogs'],
  ]);
});

test.each(['anchor', 'pool', 'signaling'] as const)('what the %s cannot go on with, nobody goes on with', (broken) => {
  const { taking, done } = restorers(broken);

  expect(() => restoreCall(taking, parts)).toThrow(`${broken} cannot`);

  const freed = broken === 'anchor' ? [] : pairs.map((pair) => ['pool.freePair', pair]);
  expect(done.slice(-3 - freed.length)).toEqual([
    ['starts.forget', CALL],
    ['pool.end', CALL],
    ...freed,
    ['anchor.end', CALL],
  ]);
});
