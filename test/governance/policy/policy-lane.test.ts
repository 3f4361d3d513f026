import { beforeEach, describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { ManualClock } from '../../../src/base/clock.ts';
import { PolicyLane, type Work } from '../../../src/governance/policy/policy-lane.ts';
import type { PolicyThread } from '../../../src/governance/policy/policy-thread.ts';
import { canonicalJson } from '../../../src/base/canonical-json.ts';
import { scriptedThreads, settled, type ScriptedThread } from './scripted-thread.ts';
import { streamInput } from './fixtures.ts';

let clock: ManualClock;
let threads: ScriptedThread[];
let lane: PolicyLane;
let heard: string[];

beforeEach(async () => {
  clock = new ManualClock();
  const scripted = scriptedThreads();
  threads = scripted.threads;
  heard = [];
  lane = new PolicyLane({
    clock,
    startThread: scripted.startThread,
    events: { onFresh: () => heard.push('fresh'), onIdle: () => heard.push('idle') },
  });
  lane.start();
  await settled();
});

function work(behave: string): Work {
  const input = canonicalJson(streamInput(behave));
  return {
    bundle: 'b',
    limitMs: 20,
    message: (task) => ({ kind: 'evaluate', task, bundle: 'b', entrypoint: 'stream', input }),
    onReply: (reply) => heard.push(reply.kind),
    onLost: (reason) => heard.push(reason),
  };
}

describe('a lane', () => {
  test('takes work once its worker is ready, and again after each reply', async () => {
    lane.give(work('well'));
    const whileBusy = lane.state;
    await settled();
    lane.give(work('well'));
    await settled();

    expect(whileBusy).toBe('busy');
    expect(heard).toEqual(['fresh', 'idle', 'evaluated', 'idle', 'evaluated', 'idle']);
    expect(threads).toHaveLength(1);
  });

  test('refuses a second piece of work: that would hide which one overspends', () => {
    lane.give(work('loop'));

    expect(() => lane.give(work('well'))).toThrow(AssertionFailure);
  });

  test('a worker that is late without CPU time of its own is left to finish', () => {
    lane.give(work('loop'));
    clock.advance(1_000);

    expect(lane.state).toBe('overdue');
    expect(lane.running).toBe('b');
    expect(threads[0]?.isTerminated).toBe(false);
  });

  test('a worker that spent its limit of CPU time after it was late is ended and replaced', async () => {
    lane.give(work('loop'));
    clock.advance(20);
    threads[0]!.cpu = 19_999;
    clock.advance(20);
    const before = threads[0]!.isTerminated;
    threads[0]!.cpu = 20_000;
    clock.advance(20);
    await settled();

    expect(before).toBe(false);
    expect(threads[0]!.isTerminated).toBe(true);
    expect(heard).toEqual(['fresh', 'idle', 'spent', 'fresh', 'idle']);
    expect(threads).toHaveLength(2);
  });

  test('CPU time spent before it was late is not held against it', () => {
    threads[0]!.cpu = 10_000_000;
    lane.give(work('loop'));
    clock.advance(200);

    expect(threads[0]!.isTerminated).toBe(false);
  });

  test('where the system does not tell CPU time, ten limits of wall time end it', () => {
    threads[0]!.cpu = undefined;
    lane.give(work('loop'));
    clock.advance(20 + 180);
    const before = threads[0]!.isTerminated;
    clock.advance(20);

    expect(before).toBe(false);
    expect(threads[0]!.isTerminated).toBe(true);
  });

  test('a worker that neither runs nor answers is replaced, and nothing is held against the bundle', () => {
    lane.give(work('loop'));
    clock.advance(20_020);

    expect(threads[0]!.isTerminated).toBe(true);
    expect(heard).toContain('stuck');
    expect(heard).not.toContain('spent');
  });

  test('a worker that dies at work is replaced, and the work is lost', async () => {
    lane.give(work('loop'));
    threads[0]!.die();
    await settled();

    expect(heard).toEqual(['fresh', 'idle', 'died', 'fresh', 'idle']);
  });

  test('workers that cannot start are tried again, ever more slowly', () => {
    let starts = 0;
    const failing = new PolicyLane({
      clock,
      startThread: (events): PolicyThread => {
        starts += 1;
        queueMicrotask(() => events.onExit());
        return { post: () => undefined, cpuUs: () => 0, terminate: () => Promise.resolve() };
      },
      events: { onFresh: () => undefined, onIdle: () => undefined },
    });

    failing.start();

    return (async () => {
      for (let second = 0; second < 60; second += 1) {
        await settled();
        clock.advance(1_000);
      }
      expect(starts).toBeGreaterThan(5);
      expect(starts).toBeLessThan(30);
    })();
  });

  test('what a replaced worker still says is not heard', async () => {
    lane.give(work('well'));
    threads[0]!.isTerminated = false;
    const stopping = lane.stop();
    await settled();
    await stopping;

    expect(heard).toEqual(['fresh', 'idle']);
    expect(lane.state).toBe('stopped');
  });
});
