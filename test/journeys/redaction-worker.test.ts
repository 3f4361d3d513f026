import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { asProcessorId, asTenantId, newId } from '../../src/base/ids.ts';
import type { Fields, Log } from '../../src/base/log.ts';
import { Metrics } from '../../src/base/metrics.ts';
import { RedactionHost, type Withheld } from '../../src/governance/redaction/redaction-host.ts';
import { startRedactionThread, type StartThread } from '../../src/governance/redaction/redaction-thread.ts';
import type { Redacted } from '../../src/governance/redaction/redaction.ts';
import { DEFAULT_REDACTION } from '../../src/model/redaction-settings.ts';
import type { Segment } from '../../src/model/transcript.ts';

const WORKER_URL = new URL('../../dist/governance/redaction/worker/main.js', import.meta.url);
const CANARY = 'canarybird 4929 0000 0000 0001';
const PLAN = { actions: {}, defaultAction: 'pseudonym' } as const;
const PLANS = { named: PLAN, masked: { actions: { CARD: 'mask' }, defaultAction: 'pseudonym' } } as const;

const call = newId('call');
const leg = newId('leg');
let stop: () => void = () => undefined;

afterEach(() => stop());

/** A worker that is ready, and does `onJob` (JavaScript) with every message. */
function badWorker(onJob: string): URL {
  const source = `
    import { readlinkSync } from 'node:fs';
    import { workerData as port } from 'node:worker_threads';
    port.on('message', (message) => { ${onJob} });
    port.postMessage({ kind: 'ready', threadId: Number(readlinkSync('/proc/thread-self').split('/').at(-1)) });`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** Starts a host whose first thread runs `first`, and every later one what was built. */
async function startHost(options: { readonly first?: URL; readonly deadlineMs?: number } = {}) {
  const withheld: Withheld[] = [];
  const logged: string[] = [];
  const metrics = new Metrics();
  const entries = [options.first ?? WORKER_URL];
  const startThread: StartThread = (handlers) => startRedactionThread(handlers, entries.shift() ?? WORKER_URL);
  const host = new RedactionHost({
    clock: systemClock,
    log: recordingLog(logged),
    metrics,
    onWithheld: (gap) => withheld.push(gap),
    startThread,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  });
  stop = () => host.stop();
  await host.start();
  host.open(call, leg, {
    tenant: asTenantId('acme'),
    settings: DEFAULT_REDACTION,
    plans: PLANS,
    partials: {},
    resumed: false,
  });
  const outputs = (): string => JSON.stringify([withheld, logged, metrics.snapshot()]);
  return { host, withheld, outputs };
}

function recordingLog(lines: string[]): Log {
  const record = (fields: Fields, message: string): void => void lines.push(JSON.stringify([fields, message]));
  const log: Log = { debug: record, info: record, warn: record, error: record, child: () => log };
  return log;
}

function segment(text: string): Segment {
  return {
    segment: newId('segment'),
    call,
    leg,
    stream: newId('stream'),
    processor: asProcessorId('scribe'),
    final: true,
    text,
    startMs: 0,
    endMs: 1000,
    words: [],
  };
}

function textOf(redacted: Redacted | Awaited<ReturnType<RedactionHost['answer']>>): string {
  if (redacted.kind === 'withheld') return 'withheld';
  return redacted.kind === 'answered' ? redacted.piece.text : textUnder('named', redacted);
}

function textUnder(plan: keyof typeof PLANS, redacted: Redacted): string {
  const pieces = redacted.kind === 'withheld' ? [] : (redacted.texts[plan] ?? []);
  return pieces.map((piece) => piece.text).join('');
}

/** Pushes until something comes through: a replaced worker needs a moment. */
async function untilHeard(host: RedactionHost): Promise<string> {
  const deadlineMs = systemClock.wallMs() + 20_000;
  while (systemClock.wallMs() < deadlineMs) {
    const text = textOf(await host.push(segment('hello two of you should call me tomorrow please')));
    if (text !== 'withheld') return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return 'never';
}

test('the built worker redacts a leg over its results, and an answer against what it heard', async () => {
  const { host, withheld } = await startHost({ deadlineMs: 5000 });

  const texts = [
    await host.push(segment('my card is four one one one')),
    await host.push(segment('one one one one one one one one one one one one thanks')),
    await host.settle(call, leg),
    await host.answer(call, 'The card 4111-1111-1111-1111 is on file', PLAN),
  ].map(textOf);

  expect(texts).toEqual(['my card is', '', ' [CARD_1] thanks', 'The card [CARD_1] is on file']);
  expect(withheld).toEqual([]);
});

test('two readers of one leg each get their own text of it, and a third who comes later his from then on', async () => {
  const { host, withheld } = await startHost({ deadlineMs: 5000 });

  const first = await host.push(segment('my card is 4111 1111 1111 1111 thank you very much for that'));
  host.replan(call, leg, { ...PLANS, open: { actions: { CARD: 'allow' }, defaultAction: 'mask' } }, {});
  const second = await host.push(segment('it is 4111 1111 1111 1111 as i have said to you before'));

  expect(textOf(first)).toBe('my card is [CARD_1] thank you very much for');
  expect(textUnder('masked', first)).toBe('my card is [CARD] thank you very much for');
  expect(textUnder('masked', second)).toBe(' that it is [CARD] as i have said to you');
  const open = second.kind === 'settled' ? second.texts['open'] : undefined;
  expect(open?.map(({ text }) => text).join('')).toContain('4111 1111 1111 1111');
  expect(withheld).toEqual([]);
});

test('a worker that spins is withheld by the deadline, ended for its CPU time, and replaced', async () => {
  const { host, withheld, outputs } = await startHost({ first: badWorker('for (;;);') });

  const first = await host.push(segment(CANARY));
  const later = await untilHeard(host);

  expect(textOf(first)).toBe('withheld');
  expect(withheld[0]?.reason).toBe('deadline');
  expect(later).toBe(' [REDACTION_UNAVAILABLE] hello [NUMBER_1] of you should call me tomorrow');
  expect(outputs()).toContain('earshot_redaction_worker_restarts_total');
  expect(outputs()).not.toMatch(/canarybird|4929/);
});

test('a worker that dies of what it heard is replaced, and its last words are not ours', async () => {
  const first = badWorker('console.error(message.event?.text); throw new Error(message.event?.text)');
  const { host, outputs } = await startHost({ first, deadlineMs: 5000 });

  const withheld = await host.push(segment(CANARY));
  const later = await untilHeard(host);

  expect(textOf(withheld)).toBe('withheld');
  expect(later).toBe(' [REDACTION_UNAVAILABLE] hello [NUMBER_1] of you should call me tomorrow');
  expect(outputs()).not.toMatch(/canarybird|4929/);
});
