import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { BackgroundAnswers } from '../../../src/call/signaling/background-answers.ts';
import type { Found } from '../../../src/call/signaling/background-answers.ts';
import { HopHealth } from '../../../src/call/signaling/hop-health.ts';
import { DEFAULT_LIMITS } from '../../../src/call/signaling/limits.ts';
import { SourceMeter } from '../../../src/call/signaling/source-meter.ts';

class ScriptedFind {
  readonly asked: string[] = [];
  readonly #pending: { resolve: (found: Found<string>) => void; reject: (error: Error) => void }[] = [];

  readonly find = (name: string): Promise<Found<string>> => {
    this.asked.push(name);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  };

  async answer(found: Found<string> | Error): Promise<void> {
    const next = this.#pending.shift();
    if (found instanceof Error) next?.reject(found);
    else next?.resolve(found);
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  }
}

function setUp(limits = {}) {
  const clock = new ManualClock();
  const script = new ScriptedFind();
  const answers = new BackgroundAnswers({ clock, find: script.find, limits: { ...DEFAULT_LIMITS, ...limits } });
  const got: (string | undefined)[] = [];
  return { clock, script, answers, got, ask: (name: string) => answers.ask(name, (found) => got.push(found)) };
}

test('many who ask for one name wait for one lookup, and the next one does not wait', async () => {
  const { ask, got, script } = setUp();
  ask('pbx');
  ask('pbx');

  await script.answer({ answer: 'here' });
  ask('pbx');

  expect(script.asked).toEqual(['pbx']);
  expect(got).toEqual(['here', 'here', 'here']);
});

test('a lookup that hangs holds nobody longer than the deadline', () => {
  const { ask, got, clock } = setUp();
  ask('pbx');

  clock.advance(1999);
  expect(got).toEqual([]);
  clock.advance(1);

  expect(got).toEqual([undefined]);
});

test('an old answer is used while a new one is looked for, and kept when that fails', async () => {
  const { ask, got, clock, script } = setUp();
  ask('pbx');
  await script.answer({ answer: 'here' });
  clock.advance(31_000);

  ask('pbx');
  await script.answer(new Error('SERVFAIL'));
  ask('pbx');

  expect(script.asked).toEqual(['pbx', 'pbx']);
  expect(got).toEqual(['here', 'here', 'here']);
});

test('what was guessed after a failure fills a gap, and never takes the place of what is known', async () => {
  const { ask, got, clock, script } = setUp();
  ask('pbx');
  await script.answer({ answer: 'guess', isWeak: true });
  clock.advance(31_000);
  ask('pbx');
  await script.answer({ answer: 'sure' });
  clock.advance(31_000);
  ask('pbx');
  await script.answer({ answer: 'guess', isWeak: true });
  ask('pbx');

  expect(got).toEqual(['guess', 'guess', 'sure', 'sure']);
});

test.each([
  ['0 is 5 s', 0, 5000],
  ['20 s is 20 s', 20_000, 20_000],
  ['a day is 5 min', 86_400_000, 300_000],
  ['nothing is 30 s', undefined, 30_000],
])('an answer is as fresh as DNS says, within bounds: %s', async (_name, ttlMs, freshMs) => {
  const { answers, clock, script } = setUp();
  answers.known('pbx');
  await script.answer({ answer: 'here', ttlMs });

  clock.advance(freshMs - 1);
  answers.known('pbx');
  expect(script.asked).toHaveLength(1);
  clock.advance(1);
  answers.known('pbx');

  expect(script.asked).toHaveLength(2);
});

test('a name that does not exist is not asked for again at every call', async () => {
  const { ask, got, script } = setUp();
  ask('nowhere');
  await script.answer({ answer: undefined });

  ask('nowhere');

  expect(script.asked).toEqual(['nowhere']);
  expect(got).toEqual([undefined, undefined]);
});

test('names and waiters are bounded, and the routes keep theirs', async () => {
  const { ask, got, script, answers } = setUp({ maxNames: 2, maxNameWaiters: 1 });
  answers.keep(['kept']);
  await script.answer({ answer: 'kept' });
  ask('one');
  ask('one');
  expect(got).toEqual([undefined]);
  await script.answer({ answer: 'one' });
  ask('two');
  await script.answer({ answer: 'two' });

  expect(answers.known('kept')).toBe('kept');
  expect(script.asked).toEqual(['kept', 'one', 'two']);
});

test('no more than sixteen lookups run at once, however many names are asked for', () => {
  const { ask, script } = setUp();

  for (let count = 0; count < 100; count += 1) ask(`name${count}`);

  expect(script.asked).toHaveLength(16);
});

test('of more names than can be looked up at once, those of the routes follow by themselves', async () => {
  const { answers, script } = setUp();
  answers.keep(Array.from({ length: 40 }, (_, count) => `name${count}`));
  expect(script.asked).toHaveLength(16);

  for (let count = 0; count < 40; count += 1) await script.answer({ answer: 'here' });

  expect(new Set(script.asked).size).toBe(40);
  expect(script.asked).toHaveLength(40);
});

const A = { host: 'a', port: 5060 };
const B = { host: 'b', port: 5060 };

function healthOf(changes: Partial<typeof DEFAULT_LIMITS> = {}): { clock: ManualClock; health: HopHealth } {
  const clock = new ManualClock();
  return { clock, health: new HopHealth({ clock, limits: { ...DEFAULT_LIMITS, ...changes } }) };
}

test('a hop that was silent is tried last, comes back after its rest, and at once when it answers', () => {
  const { clock, health } = healthOf();
  health.failed(A);

  expect(health.order([A, B])).toEqual([B, A]);
  health.failed(B);
  expect(health.order([A, B])).toEqual([A, B]);
  health.answered(B);
  expect(health.order([A, B])).toEqual([B, A]);
  clock.advance(30_000);
  expect(health.order([A, B])).toEqual([A, B]);
});

test('two failures in a row take a hop down, and three answers in a row bring it back', () => {
  const { clock, health } = healthOf();
  health.watch([A]);
  health.failed(A);
  health.answered(A);
  health.failed(A);
  expect(health.isDown(A)).toBe(false);
  health.failed(A);
  expect(health.isDown(A)).toBe(true);
  clock.advance(3_600_000);

  const seen = [1, 2, 3].map(() => {
    health.answered(A);
    return health.isDown(A);
  });

  expect(seen).toEqual([true, true, false]);
});

test('a failure among the answers begins the count anew', () => {
  const { health } = healthOf();
  health.watch([A]);
  for (const word of ['failed', 'failed', 'answered', 'answered', 'failed', 'answered', 'answered'] as const) {
    health[word](A);
  }

  expect(health.isDown(A)).toBe(true);
});

test('a hop that nobody asks comes back by time alone', () => {
  const { clock, health } = healthOf();
  health.failed(A);
  health.failed(A);
  expect(health.isDown(A)).toBe(true);

  clock.advance(30_000);

  expect(health.isDown(A)).toBe(false);
});

test('one 503 costs a hop nothing, two take it down', () => {
  const { health } = healthOf();
  health.refused(A, undefined);
  expect(health.order([A, B])).toEqual([A, B]);
  health.refused(A, undefined);

  expect(health.order([A, B])).toEqual([B, A]);
});

test('Retry-After is obeyed, answers or not, but no longer than a minute', () => {
  const { clock, health } = healthOf();
  health.refused(A, 7);
  health.answered(A);

  expect(health.order([A, B])).toEqual([B, A]);
  clock.advance(7000);
  expect(health.order([A, B])).toEqual([A, B]);
  health.refused(A, 999_999_999);
  health.answered(A);
  clock.advance(60_000);
  expect(health.order([A, B])).toEqual([A, B]);
});

test('a hop with several places is down when all of them are', () => {
  const { health } = healthOf();
  const name = { host: 'pbx.example' };
  health.watch([name]);
  health.foundAt(name, [A, B]);
  for (const place of [A, A, B]) health.failed(place);
  expect(health.isDown(name)).toBe(false);
  expect(health.isInDoubt(name)).toBe(true);

  health.failed(B);

  expect(health.isDown(name)).toBe(true);
});

test('no hop is ever left out, and an hour of made-up ones does not grow without end', () => {
  const { health } = healthOf();
  for (let count = 0; count < 10_000; count += 1) health.failed({ host: `h${count}` });

  expect(health.order([{ host: 'h9999' }, { host: 'x' }])).toHaveLength(2);
});

test('a source has its share of every second and no more, and takes none of another', () => {
  const clock = new ManualClock();
  const meter = new SourceMeter({ clock, perSecond: 2 });

  expect([meter.admit('a'), meter.admit('a'), meter.admit('a'), meter.admit('b')]).toEqual([true, true, false, true]);
  clock.advance(1000);
  expect(meter.admit('a')).toBe(true);
});

test('a flood of made-up sources shares one count', () => {
  const meter = new SourceMeter({ clock: new ManualClock(), perSecond: 1 });
  for (let count = 0; count < 10_000; count += 1) meter.admit(`s${count}`);

  expect([meter.admit('x'), meter.admit('y')]).toEqual([true, false]);
});
