import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { newId } from '../../../src/base/ids.ts';
import type { Fields, Log } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import type { LinkKey } from '../../../src/governance/redaction/linkable-token.ts';
import type { Redacted } from '../../../src/governance/redaction/redaction.ts';
import { RedactionHost, type Withheld } from '../../../src/governance/redaction/redaction-host.ts';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { MAX_EVENT_CHARS, type Settlement } from '../../../src/governance/redaction/leg-redactor.ts';
import { redactText } from '../../../src/governance/redaction/redactor.ts';
import type { Detectors } from '../../../src/governance/redaction/worker/detectors.ts';
import type { Piece, Segment } from '../../../src/model/transcript.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import { asProcessorId, asTenantId } from '../../../src/base/ids.ts';
import { fakeThreads, type FakeThread } from './fake-thread.ts';
import { MASKED, NAMED } from './hear.ts';

const call = newId('call');
const leg = newId('leg');
const ACME = asTenantId('acme');
const GLOBEX = asTenantId('globex');

interface Rig {
  readonly host: RedactionHost;
  readonly clock: ManualClock;
  readonly threads: FakeThread[];
  readonly withheld: Withheld[];
  readonly metrics: Metrics;
  readonly logged: string[];
  cpuMs: number;
}

async function rig(
  options: {
    readonly workers?: number;
    readonly detectors?: Partial<Detectors>;
    readonly linkKey?: () => LinkKey;
  } = {},
): Promise<Rig> {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const { detectors, ...others } = options;
  const { threads, start } = fakeThreads(detectors);
  const withheld: Withheld[] = [];
  const logged: string[] = [];
  const rig = { clock, metrics, threads, withheld, logged, cpuMs: 0 };
  const host = new RedactionHost({
    clock,
    metrics,
    log: recordingLog(logged),
    onWithheld: (gap) => withheld.push(gap),
    startThread: start,
    cpuMs: () => rig.cpuMs,
    ...others,
  });
  const started = host.start();
  for (const thread of threads) thread.ready();
  await started;
  host.open(call, leg, {
    tenant: ACME,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  return Object.assign(rig, { host });
}

function recordingLog(lines: string[]): Log {
  const record = (fields: Fields, message: string): void => void lines.push(JSON.stringify([fields, message]));
  const log: Log = { debug: record, info: record, warn: record, error: record, child: () => log };
  return log;
}

function segment(text: string, startMs = 0, more: Partial<Segment> = {}): Segment {
  return {
    segment: newId('segment'),
    call,
    leg,
    stream: newId('stream'),
    processor: asProcessorId('scribe'),
    final: true,
    text,
    startMs,
    endMs: startMs + 1000,
    words: [],
    ...more,
  };
}

type Answered = Awaited<ReturnType<RedactionHost['answer']>>;

function textOf(redacted: Redacted | Answered): string {
  if (redacted.kind === 'withheld') return 'withheld';
  if (redacted.kind === 'answered') return redacted.piece.text;
  return (redacted.texts['p'] ?? []).map((piece) => piece.text).join('');
}

const UNAVAILABLE = ' [REDACTION_UNAVAILABLE] ';

test('a leg is redacted over its joined text, turn by turn', async () => {
  const { host } = await rig();

  const texts = [
    await host.push(segment('my card is 4111 1111')),
    await host.push(segment('1111 1111 thanks', 1000)),
    await host.settle(call, leg),
    await host.answer(call, 'Your card 4111111111111111 is fine', NAMED),
  ].map(textOf);

  expect(texts).toEqual(['my card is', '', ' [CARD_1] thanks', 'Your card [CARD_1] is fine']);
});

test('past the deadline the event is withheld, and the leg begins anew with one placeholder', async () => {
  const { host, clock, threads, withheld, metrics } = await rig();
  threads[0]!.mode = 'held';

  const late = host.push(segment('my card is 4111 1111'));
  clock.advance(50);
  const lateText = textOf(await late);
  threads[0]!.work();
  threads[0]!.mode = 'at-once';
  const after = [
    await host.push(segment('11 11 11 11 hello two you', 2000)),
    await host.push(segment('two cats and more', 9000)),
    await host.settle(call, leg),
  ].map(textOf);

  expect(lateText).toBe('withheld');
  expect(after).toEqual([UNAVAILABLE, '[PHONE_1] hello [NUMBER_1] you two cats and', ' more']);
  expect(withheld).toEqual([{ call, leg, reason: 'deadline', startMs: 0, endMs: 1000 }]);
  expect(metrics.snapshot()).toContainEqual({
    name: 'earshot_redaction_withheld_total',
    kind: 'counter',
    labels: { reason: 'deadline' },
    value: 1,
  });
  expect(threads).toHaveLength(1);
});

test('the placeholder says what time it stands for', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';
  const late = [host.push(segment('one', 1000)), host.push(segment('two', 3000))];
  clock.advance(50);
  await Promise.all(late);
  threads[0]!.work();
  threads[0]!.mode = 'at-once';

  const redacted = await host.push(segment('hello there', 5000));

  expect(redacted.kind === 'settled' && redacted.texts['p']?.[0]).toEqual({
    text: UNAVAILABLE,
    entities: [{ type: 'REDACTION_UNAVAILABLE', start: 1, end: 24 }],
    startMs: 1000,
    endMs: 2000,
  });
});

test('answers that come after their deadline are never used', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';

  const first = host.push(segment('hello one'));
  clock.advance(40);
  const second = host.push(segment('hello two'));
  clock.advance(10);
  for (let turn = 0; turn < 2; turn += 1) threads[0]!.work();

  expect([await first, await second].map(textOf)).toEqual(['withheld', 'withheld']);
});

test('a stream of events behind a late one recovers', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';

  const all = [host.push(segment('hello there one')), host.push(segment('hello there two'))];
  clock.advance(50);
  await all[0];
  all.push(host.push(segment('hello there friend')));
  for (let turn = 0; turn < 2; turn += 1) threads[0]!.work();
  const texts = (await Promise.all(all)).map(textOf);

  expect(texts).toEqual(['withheld', 'withheld', `${UNAVAILABLE}hello there`]);
});

test('an answer that lies ready when the deadline rings counts: it was this thread that was held up', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';

  const pending = host.push(segment('hello there'));
  threads[0]!.work({ deliver: false });
  clock.advance(50);

  expect(textOf(await pending)).toBe('hello');
});

test('a detector that throws withholds the event and begins the leg anew', async () => {
  const { host, threads, withheld } = await rig();
  threads[0]!.mode = 'held';

  const pending = host.push(segment('hello there'));
  threads[0]!.fail('RangeError');
  const failed = await pending;
  threads[0]!.mode = 'at-once';
  const after = await host.push(segment('two of you should call me tomorrow please', 2000));

  expect(textOf(failed)).toBe('withheld');
  expect(textOf(after)).toBe(`${UNAVAILABLE}[NUMBER_1] of you should call me tomorrow`);
  expect(withheld.map(({ reason }) => reason)).toEqual(['failed']);
});

test('a worker that spins past the deadline on its own CPU time is replaced; its legs begin anew on the next', async () => {
  const setup = await rig();
  const { host, clock, threads, withheld, metrics } = setup;
  clock.advance(60_000);
  await host.push(segment('card 4111 1111 1111 1111 thanks a lot'));
  threads[0]!.mode = 'held';

  const stuck = host.push(segment('hello there'));
  clock.advance(50);
  setup.cpuMs = 60;
  clock.advance(50);
  const whileDown = await host.push(segment('hello again'));
  for (const thread of threads.slice(1)) thread.ready();
  const after = await host.push(
    segment('phone 415 555 2671 or card 5500 0000 0000 0004 thanks a lot for all of that', 60_000),
  );

  expect(textOf(await stuck)).toBe('withheld');
  expect(threads.map(({ isTerminated }) => isTerminated)).toEqual([true, false, false]);
  expect(textOf(whileDown)).toBe('withheld');
  expect(textOf(after)).toBe(`${UNAVAILABLE}phone [PHONE_1] or card [CARD_2] thanks a lot for all of`);
  expect(withheld.map(({ reason }) => reason)).toEqual(['deadline', 'worker_down']);
  expect(metrics.snapshot()).toContainEqual(
    expect.objectContaining({ name: 'earshot_redaction_worker_restarts_total', value: 1 }),
  );
});

test('a worker that was given no CPU is left alone, unless it stalls for seconds', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';

  const starved = host.push(segment('hello'));
  clock.advance(1000);
  const afterOneSecond = threads[0]!.isTerminated;
  clock.advance(5000);

  expect(textOf(await starved)).toBe('withheld');
  expect(afterOneSecond).toBe(false);
  expect(threads[0]!.isTerminated).toBe(true);
});

test('a worker that dies young is started again after a pause, not in a loop', async () => {
  const { host, clock, threads } = await rig();

  threads[0]!.handlers.onExit();
  const atOnce = threads.length;
  clock.advance(999);
  const justBefore = threads.length;
  clock.advance(1);
  threads[1]!.ready();

  expect([atOnce, justBefore, threads.length]).toEqual([1, 1, 2]);
  expect(textOf(await host.push(segment('hello there')))).toBe('hello');
});

test('too many events at once are withheld, not queued without end', async () => {
  const { host, threads, withheld } = await rig();
  threads[0]!.mode = 'held';

  const pushes = Array.from({ length: 300 }, () => host.push(segment('hello')));
  while (threads[0]!.inbox.length > 0) threads[0]!.work();
  const outcomes = (await Promise.all(pushes)).map(textOf);

  expect(outcomes.filter((text) => text === 'withheld').length).toBeGreaterThanOrEqual(300 - 70);
  expect(withheld.some(({ reason }) => reason === 'overflow')).toBe(true);
  expect(threads[0]!.inbox).toHaveLength(0);
});

test('an event that is refused leaves nothing behind for the worker, and the leg begins anew with one that is not', async () => {
  const { host, threads, withheld } = await rig();
  const thread = threads[0]!;
  thread.mode = 'held';
  const takenIn = Array.from({ length: 65 }, () => host.push(segment('hello')));

  for (let refused = 0; refused < 100; refused += 1) await host.push(segment('hello'));
  const reached: string[] = [];
  while (thread.inbox.length > 0) {
    reached.push(...thread.inbox.map(({ kind }) => kind));
    thread.work();
  }
  await Promise.all(takenIn);
  thread.mode = 'at-once';
  const after = await host.push(segment('hello there', 9000));

  expect(reached.filter((kind) => kind === 'push')).toHaveLength(65);
  expect(reached.filter((kind) => kind === 'open')).toHaveLength(1);
  expect(withheld.filter(({ reason }) => reason === 'overflow')).toHaveLength(100);
  expect(textOf(after)).toBe(`${UNAVAILABLE}hello`);
});

test('an event whose deadline passes while it waits takes the opening of its leg with it', async () => {
  const { host, clock, threads } = await rig();
  const thread = threads[0]!;
  const other = newId('call');
  host.open(other, leg, {
    tenant: ACME,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  thread.mode = 'held';
  const atWork = host.push(segment('hello'));

  const waiting = host.push(segment('hello', 0, { call: other }));
  clock.advance(50);
  await Promise.all([atWork, waiting]);
  const reached: unknown[] = [];
  while (thread.inbox.length > 0) {
    reached.push(...thread.inbox.map((request) => [request.kind, request.call]));
    thread.work();
  }
  thread.mode = 'at-once';
  const after = await host.push(segment('hello there', 9000, { call: other }));

  expect(reached).toEqual([
    ['open', call],
    ['push', call],
  ]);
  expect(textOf(after)).toBe(`${UNAVAILABLE}hello`);
});

test('an event over the size limit never reaches a worker', async () => {
  const { host, threads, withheld } = await rig();
  threads[0]!.mode = 'held';

  const redacted = await host.push(segment('x'.repeat(MAX_EVENT_CHARS + 1)));
  const answer = await host.answer(call, 'x'.repeat(MAX_EVENT_CHARS + 1), NAMED);

  expect([redacted, answer].map(textOf)).toEqual(['withheld', 'withheld']);
  expect(withheld.map(({ reason }) => reason)).toEqual(['oversize', 'oversize']);
  expect(threads[0]!.inbox).toEqual([]);
});

test('a leg or call that was not opened, or is closed, is withheld', async () => {
  const { host } = await rig();

  const unknown = await host.push(segment('hello', 0, { leg: newId('leg') }));
  const other = await host.answer(newId('call'), 'hello', NAMED);
  host.close(call);
  const closed = await host.settle(call, leg);

  expect([unknown, other, closed].map(textOf)).toEqual(['withheld', 'withheld', 'withheld']);
});

test('opening a leg again begins it anew without a placeholder', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';
  const late = host.push(segment('hello'));
  clock.advance(50);
  await late;
  threads[0]!.work();
  threads[0]!.mode = 'at-once';

  host.open(call, leg, {
    tenant: ACME,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });

  expect(textOf(await host.push(segment('two of you should call me tomorrow please')))).toBe(
    'two of you should call me tomorrow',
  );
});

test('calls are spread over the workers, and stay with theirs', async () => {
  const { host, threads } = await rig({ workers: 2 });
  const other = newId('call');
  host.open(other, leg, {
    tenant: ACME,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  for (const thread of threads) thread.mode = 'held';

  const pushes = ['a', 'c'].map((text) => host.push(segment(text)));
  pushes.push(host.push(segment('b', 0, { call: other })));
  const seen = threads.map(() => new Set<unknown>());
  while (threads.some(({ inbox }) => inbox.length > 0)) {
    threads.forEach(({ inbox }, at) => inbox.forEach((request) => seen[at]?.add('call' in request && request.call)));
    for (const thread of threads) thread.work();
  }
  await Promise.all(pushes);

  expect(seen.map((calls) => [...calls])).toEqual([[call], [other]]);
});

test("one tenant's flood leaves the next turn to the others", async () => {
  const { host, threads, withheld } = await rig();
  const other = newId('call');
  host.open(other, leg, {
    tenant: GLOBEX,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  threads[0]!.mode = 'held';

  const flood = Array.from({ length: 500 }, () => host.push(segment('hello flood')));
  const quiet = host.push(segment('hello quiet', 0, { call: other }));
  for (let turn = 0; turn < 2; turn += 1) threads[0]!.work();

  expect(textOf(await quiet)).toBe('hello');
  expect(withheld.filter((gap) => gap.call !== call)).toEqual([]);
  expect(withheld.length).toBeGreaterThan(400);
  while (threads[0]!.inbox.length > 0) threads[0]!.work();
  await Promise.all(flood);
});

test('of one tenant the thread holds one event at a time, so that heavy ones delay the others by one and no more', async () => {
  const { host, threads } = await rig();
  const other = newId('call');
  host.open(other, leg, {
    tenant: GLOBEX,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  threads[0]!.mode = 'held';

  const flood = Array.from({ length: 8 }, () => host.push(segment('hello flood')));
  const quiet = host.push(segment('hello quiet', 0, { call: other }));
  const held = threads[0]!.inbox.filter(({ kind }) => kind === 'push').map((job) => 'call' in job && job.call);
  while (threads[0]!.inbox.length > 0) threads[0]!.work();
  await Promise.all([...flood, quiet]);

  expect(held).toEqual([call, other]);
});

test('CPU time is held against the event at work, not against one that waits behind it', async () => {
  const setup = await rig();
  const { host, clock, threads } = setup;
  const other = newId('call');
  host.open(other, leg, {
    tenant: GLOBEX,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  threads[0]!.mode = 'held';
  const first = host.push(segment('hello one'));
  const waiting = host.push(segment('hello two'));
  clock.advance(10);
  const before = host.push(segment('hello', 0, { call: other }));
  threads[0]!.answerOldest();
  clock.advance(40);
  setup.cpuMs += 30;
  clock.advance(20);
  threads[0]!.answerOldest();
  setup.cpuMs += 30;
  clock.advance(30);

  expect(threads[0]!.isTerminated).toBe(false);
  while (threads[0]!.inbox.length > 0) threads[0]!.work();
  await Promise.all([first, waiting, before]);
});

test('of partial results the newest alone waits, until the worker has nothing else to do, and a final result ends it', async () => {
  const { host, threads, withheld } = await rig();
  const [thread] = threads;
  thread!.mode = 'held';
  const final = host.push(segment('hello'));

  const partials = ['a', 'b', 'c'].map((text) => host.push(segment(text, 1000, { final: false })));
  const busy = thread!.inbox.map((job) => ('event' in job ? job.event.text : job.kind));
  thread!.work();
  const idle = thread!.inbox.map((job) => ('event' in job ? job.event.text : job.kind));
  thread!.work();
  const last = host.push(segment('there now', 2000));
  const late = host.push(segment('x', 2000, { final: false }));
  const superseding = host.push(segment('you', 2500));
  while (thread!.inbox.length > 0) thread!.work();

  expect(busy).toEqual(['open', 'hello']);
  expect(idle).toEqual(['c']);
  expect((await Promise.all([...partials, late])).map(({ kind }) => kind)).toEqual(Array(4).fill('settled'));
  expect((await Promise.all([final, last, superseding])).map(textOf)).not.toContain('withheld');
  expect(withheld).toEqual([]);
});

test('a partial result that comes late breaks nothing, and one that throws breaks the leg', async () => {
  const { host, threads, clock, withheld } = await rig();
  threads[0]!.mode = 'held';

  const late = host.push(segment('my card', 0, { final: false }));
  clock.advance(50);
  threads[0]!.work();
  const broken = host.push(segment('my card is', 0, { final: false }));
  threads[0]!.fail('RangeError');
  await broken;
  threads[0]!.mode = 'at-once';
  const after = await host.push(segment('hello there', 1000));

  expect(await late).toEqual({ kind: 'settled', texts: {}, signals: [] });
  expect(await broken).toEqual({ kind: 'withheld' });
  expect(withheld.map(({ reason }) => reason)).toEqual(['failed']);
  expect(textOf(after)).toBe(`${UNAVAILABLE}hello`);
});

test('partial results that nobody is shown or listens to never reach a worker', async () => {
  const { host, threads } = await rig();
  const settings = { ...DEFAULT_REDACTION, pci: { ...DEFAULT_REDACTION.pci, enabled: false } };
  const partial = (): Promise<Redacted> => host.push(segment('my card is', 0, { final: false }));
  host.open(call, leg, { tenant: ACME, settings, plans: { p: NAMED }, partials: { p: 'off' }, resumed: false });
  threads[0]!.mode = 'held';

  const unseen = await partial();
  const before = threads[0]!.inbox.length;
  host.replan(call, leg, { p: NAMED }, { p: 'masked' });
  const seen = partial();
  const told = threads[0]!.inbox.map(({ kind }) => kind);
  threads[0]!.work();

  expect(unseen).toEqual({ kind: 'settled', texts: {}, signals: [] });
  expect([before, told]).toEqual([0, ['open', 'push']]);
  expect((await seen).kind).toBe('settled');
});

test('another plan holds from the next result on, and what is held goes on: nothing begins anew', async () => {
  const { host, threads } = await rig();
  await host.push(segment('my card is 4111 1111'));

  host.replan(call, leg, { p: NAMED, q: MASKED }, {});
  threads[0]!.mode = 'held';
  const pushed = host.push(segment('1111 1111 thanks a lot for all of that', 1000));
  const told = threads[0]!.inbox.map(({ kind }) => kind);
  threads[0]!.work();
  const settled = await pushed;

  expect(told).toEqual(['replan', 'push']);
  expect(settled.kind === 'settled' && texts(settled)).toEqual({
    p: ' [CARD_1] thanks a lot for all of',
    q: ' [CARD] thanks a lot for all of',
  });
});

test('whatever is withheld is told to the readers of every plan, of those that came later as well', async () => {
  const { host, clock, threads } = await rig();
  threads[0]!.mode = 'held';
  const late = host.push(segment('hello'));
  clock.advance(50);
  await late;
  threads[0]!.work();
  threads[0]!.mode = 'at-once';

  host.replan(call, leg, { p: NAMED, q: MASKED }, {});
  const after = await host.push(segment('hello there', 1000));

  expect(after.kind === 'settled' && texts(after)).toEqual({ p: `${UNAVAILABLE}hello`, q: `${UNAVAILABLE}hello` });
});

test('a long answer is redacted in parts as the whole would be, and with a part missing not at all', async () => {
  const { host, threads, clock } = await rig();
  const long = `${'we will do that for you and '.repeat(40)}your card 4111 1111 1111 1111 is fine. `.repeat(3);

  const whole = await host.answer(call, long, NAMED);
  threads[0]!.mode = 'held';
  const half = host.answer(call, long, NAMED);
  threads[0]!.work();
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  clock.advance(50);

  const alone = redactText(long, NAMED, new CallMemory());
  const places = ({ entities }: Piece): unknown => entities.map(({ type, start, end }) => [type, start, end]);
  expect(whole.kind === 'answered' && [whole.piece.text, places(whole.piece)]).toEqual([alone.text, places(alone)]);
  expect(alone.entities).toHaveLength(3);
  expect(textOf(await half)).toBe('withheld');
});

test('a word longer than a worker may be given at once is withheld, in speech and in answers', async () => {
  const { host, threads, withheld } = await rig();
  const word = '4-'.repeat(500);

  const texts = [await host.push(segment(`so ${word}`)), await host.answer(call, `so ${word}`, NAMED)].map(textOf);

  expect(texts).toEqual(['withheld', 'withheld']);
  expect(withheld.map(({ reason }) => reason)).toEqual(['oversize', 'oversize']);
  expect(threads[0]!.isTerminated).toBe(false);
});

test('values are put back by the worker that knows them, and a worker that throws breaks no leg over it', async () => {
  const restoreText: Detectors['restoreText'] = (text, memory, types) => {
    if (types.length === 0) throw new TypeError(text);
    return { text: `${memory.values.hasNumbers}`, restored: { CARD: 1 }, unknown: 0 };
  };
  const { host } = await rig({ detectors: { restoreText } });
  await host.push(segment('card 4111 1111 1111 1111 thank you'));

  const back = await host.restore(call, '[CARD_1]', ['CARD']);
  const failed = await host.restore(call, '[CARD_1]', []);

  expect(back).toEqual({ kind: 'restored', text: 'true', restored: { CARD: 1 }, unknown: 0 });
  expect(failed).toEqual({ kind: 'withheld' });
  expect(textOf(await host.push(segment('hello again', 1000)))).toBe(' you hello');
});

test("the tenant's key goes to the worker with the leg, as a copy", async () => {
  const key = Uint8Array.from([1, 2, 3]);
  const { host, threads } = await rig({ linkKey: () => ({ kid: 'k1', key }) });
  threads[0]!.mode = 'held';

  void host.push(segment('hello'));
  const [opening] = threads[0]!.inbox;
  threads[0]!.work();
  host.close(call);
  threads[0]!.work();

  expect(opening).toMatchObject({ kind: 'open', linkKey: { kid: 'k1' } });
  expect(opening?.kind === 'open' && [...opening.linkKey!.key]).toEqual([0, 0, 0]);
  expect([...key]).toEqual([1, 2, 3]);
});

function texts({ texts }: Settlement): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([plan, pieces]) => [plan, pieces.map((piece) => piece.text).join('')]),
  );
}

test('a tenant whose speech cost a worker its life goes on apart, where it can harm only its like', async () => {
  const setup = await rig();
  const { host, clock, threads } = setup;
  const other = newId('call');
  host.open(other, leg, {
    tenant: GLOBEX,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });
  await spin(setup, 0);
  const [common, probation] = [threads[1]!, threads[2]!];
  common.ready();
  probation.ready();

  const texts = [
    await host.push(segment('two of you should call me tomorrow please', 9000)),
    await host.push(segment('hello there', 9000, { call: other })),
  ].map(textOf);
  probation.mode = 'held';
  void host.push(segment('spin', 12_000));
  clock.advance(50);
  setup.cpuMs += 60;
  clock.advance(50);
  const untouched = textOf(await host.push(segment('hello again', 12_000, { call: other })));

  expect(texts).toEqual([`${UNAVAILABLE}[NUMBER_1] of you should call me tomorrow`, 'hello']);
  expect(probation.isTerminated).toBe(true);
  expect(common.isTerminated).toBe(false);
  expect(untouched).toBe(' there hello');
});

test('the third worker is the last a tenant costs: from then on nothing of it goes on', async () => {
  const setup = await rig();
  const { host, threads, withheld } = setup;
  const other = newId('call');
  host.open(other, leg, {
    tenant: GLOBEX,
    settings: DEFAULT_REDACTION,
    plans: { p: NAMED },
    partials: {},
    resumed: false,
  });

  for (const victim of [0, 2, 3]) {
    await spin(setup, victim);
    for (const thread of threads.slice(-2)) if (!thread.isTerminated) thread.ready();
  }
  const after = await host.push(segment('hello', 90_000));
  const answer = await host.answer(call, 'hello', NAMED);
  const quiet = await host.push(segment('hello there', 90_000, { call: other }));

  expect([after, answer].map(textOf)).toEqual(['withheld', 'withheld']);
  expect(withheld.slice(-2).map(({ reason }) => reason)).toEqual(['quarantined', 'quarantined']);
  expect(textOf(quiet)).toBe('hello');
});

/** Lets the thread spin in a job of the rig's own call until it is replaced. */
async function spin(setup: Rig, thread: number): Promise<void> {
  const { host, clock, threads } = setup;
  clock.advance(60_000);
  threads[thread]!.mode = 'held';
  const stuck = host.push(segment('spin'));
  clock.advance(50);
  setup.cpuMs += 60;
  clock.advance(50);
  await stuck;
}

test('workers that are never ready fail the start with a code', async () => {
  const clock = new ManualClock();
  const host = new RedactionHost({
    clock,
    metrics: new Metrics(),
    log: recordingLog([]),
    onWithheld: () => undefined,
    startThread: fakeThreads().start,
  });

  const started = host.start();
  clock.advance(10_000);

  await expect(started).rejects.toMatchObject({ code: 'START_DEADLINE' });
});

test('no log line, metric or gap ever holds what was said, whatever fails', async () => {
  const setup = await rig();
  const { host, clock, threads, withheld, metrics, logged } = setup;
  const canary = 'canarybird 4929 0000 0000 0001';
  threads[0]!.mode = 'held';

  const outcomes = [host.push(segment(canary)), host.answer(call, canary, NAMED)];
  threads[0]!.fail(canary);
  outcomes.push(host.push(segment(canary)));
  clock.advance(50);
  setup.cpuMs = 1000;
  clock.advance(50);
  outcomes.push(host.push(segment(canary)), host.push(segment(canary.repeat(2000))), host.settle(call, leg));
  threads.at(-1)!.handlers.onExit();
  const said = JSON.stringify([await Promise.all(outcomes), logged, withheld, metrics.snapshot()]);

  expect(logged.length).toBeGreaterThan(0);
  expect(withheld.length).toBeGreaterThanOrEqual(6);
  expect(said).not.toMatch(/canarybird|4929/);
});
