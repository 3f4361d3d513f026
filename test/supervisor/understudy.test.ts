import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Understudy } from '../../src/supervisor/understudy.ts';

/** A process in memory: what it was told, and which signals it was sent. */
class FakeChild extends EventEmitter {
  readonly stdin = new PassThrough();
  readonly signals: string[] = [];

  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }

  get told(): string {
    return String(this.stdin.read() ?? '');
  }
}

function prepared(mayLaunch: () => boolean = () => true) {
  const clock = new ManualClock();
  const launched: FakeChild[] = [];
  let attempts = 0;
  const understudy = new Understudy({
    launch: () => {
      attempts += 1;
      if (!mayLaunch()) return undefined;
      launched.push(new FakeChild());
      return launched.at(-1) as unknown as ChildProcess;
    },
    clock,
    log: silentLog,
  });
  understudy.prepare();
  return { clock, launched, understudy, attempts: () => attempts };
}

test('one stands by from soon on, and is told once, when it is needed', () => {
  const { clock, launched, understudy } = prepared();
  expect(understudy.isThere).toBe(false);
  clock.advance(2000);
  expect(understudy.isThere).toBe(true);
  expect(launched[0]?.told).toBe('');

  const taken = understudy.take();

  expect(taken).toBe(launched[0]);
  expect(launched[0]?.told).toBe('go');
  expect(understudy.take()).toBeUndefined();
});

test('one that was stopped is woken for its cue', () => {
  const { clock, launched, understudy } = prepared();
  clock.advance(2000);

  understudy.take();

  expect(launched[0]?.signals).toEqual(['SIGCONT']);
});

test('one that dies is made up for once a minute, not over and over', () => {
  const { clock, launched, understudy } = prepared();
  clock.advance(2000);
  for (let minute = 1; minute <= 3; minute++) {
    launched.at(-1)?.emit('exit', 1);
    expect(understudy.take()).toBeUndefined();
    clock.advance(59_999);
    expect(launched).toHaveLength(minute);
    clock.advance(1);
    expect(launched).toHaveLength(minute + 1);
  }
});

test('where none can be started it is tried again once a minute', () => {
  const { clock, attempts, understudy } = prepared(() => false);

  clock.advance(2000 + 3 * 60_000);

  expect(attempts()).toBe(4);
  expect(understudy.isThere).toBe(false);
});

test('the death of one that was taken is not made up for twice', () => {
  const { clock, launched, understudy } = prepared();
  clock.advance(2000);
  understudy.take();

  launched[0]?.emit('exit', 1);
  clock.advance(600_000);

  expect(launched).toHaveLength(1);
});

test('after the end none stands by, and none is started any more', () => {
  const { clock, launched, understudy } = prepared();
  clock.advance(2000);

  understudy.stop();
  understudy.prepare();
  clock.advance(600_000);

  expect(launched[0]?.signals).toEqual(['SIGKILL']);
  expect(launched).toHaveLength(1);
});
