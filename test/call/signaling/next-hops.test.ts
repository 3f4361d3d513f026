import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { HopHealth } from '../../../src/call/signaling/hop-health.ts';
import { DEFAULT_LIMITS } from '../../../src/call/signaling/limits.ts';
import { NameResolver } from '../../../src/call/signaling/name-resolver.ts';
import { SourceMeter } from '../../../src/call/signaling/source-meter.ts';

class ScriptedLookup {
  readonly asked: string[] = [];
  readonly #pending: { resolve: (addresses: readonly string[]) => void; reject: (error: Error) => void }[] = [];

  readonly lookup = (name: string): Promise<readonly string[]> => {
    this.asked.push(name);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  };

  async answer(addresses: readonly string[] | Error): Promise<void> {
    const next = this.#pending.shift();
    if (addresses instanceof Error) next?.reject(addresses);
    else next?.resolve(addresses);
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  }
}

function setUp(limits = {}) {
  const clock = new ManualClock();
  const script = new ScriptedLookup();
  const resolver = new NameResolver({ clock, lookup: script.lookup, limits: { ...DEFAULT_LIMITS, ...limits } });
  const got: (readonly string[])[] = [];
  return { clock, script, resolver, got, ask: (name: string) => resolver.resolve(name, (found) => got.push(found)) };
}

test('a literal is its own address, at once and without asking anybody', () => {
  const { ask, got, script } = setUp();

  ask('10.0.0.1');
  ask('[2001:db8::1]');

  expect(got).toEqual([['10.0.0.1'], ['2001:db8::1']]);
  expect(script.asked).toEqual([]);
});

test('many who ask for one name wait for one lookup, and the next one does not wait', async () => {
  const { ask, got, script } = setUp();
  ask('pbx');
  ask('PBX');

  await script.answer(['10.0.0.1']);
  ask('pbx');

  expect(script.asked).toEqual(['pbx']);
  expect(got).toEqual([['10.0.0.1'], ['10.0.0.1'], ['10.0.0.1']]);
});

test('a lookup that hangs holds nobody longer than the deadline', () => {
  const { ask, got, clock } = setUp();
  ask('pbx');

  clock.advance(1999);
  expect(got).toEqual([]);
  clock.advance(1);

  expect(got).toEqual([[]]);
});

test('an old answer is used while a new one is looked for, and kept when that fails', async () => {
  const { ask, got, clock, script } = setUp();
  ask('pbx');
  await script.answer(['10.0.0.1']);
  clock.advance(31_000);

  ask('pbx');
  await script.answer(new Error('SERVFAIL'));
  ask('pbx');

  expect(script.asked).toEqual(['pbx', 'pbx']);
  expect(got).toEqual([['10.0.0.1'], ['10.0.0.1'], ['10.0.0.1']]);
});

test('a name that does not exist is not asked for again at every call', async () => {
  const { ask, got, script } = setUp();
  ask('nowhere');
  await script.answer([]);

  ask('nowhere');

  expect(script.asked).toEqual(['nowhere']);
  expect(got).toEqual([[], []]);
});

test('names and waiters are bounded, and the routes keep theirs', async () => {
  const { ask, got, script, resolver } = setUp({ maxNames: 2, maxNameWaiters: 1 });
  resolver.keep(['kept']);
  await script.answer(['10.0.0.1']);
  ask('one');
  ask('one');
  expect(got).toEqual([[]]);
  await script.answer(['10.0.0.2']);
  ask('two');
  await script.answer(['10.0.0.3']);

  expect(resolver.known('kept')).toEqual(['10.0.0.1']);
  expect(script.asked).toEqual(['kept', 'one', 'two']);
});

test('hops that failed are tried last, come back after their rest, and at once when they answer', () => {
  const clock = new ManualClock();
  const health = new HopHealth({ clock, restMs: 1000 });
  const [a, b] = [
    { host: 'a', port: 5060 },
    { host: 'b', port: 5060 },
  ];
  health.failed(a);

  expect(health.order([a, b])).toEqual([b, a]);
  health.failed(b);
  expect(health.order([a, b])).toEqual([a, b]);
  health.answered(b);
  expect(health.order([a, b])).toEqual([b, a]);
  clock.advance(1000);
  expect(health.order([a, b])).toEqual([a, b]);
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
