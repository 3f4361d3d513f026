import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Behaviour } from '../../src/demo/chat/chat-model.ts';
import { buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

/** A turn of each leg about every second: the other leg's words end it. */
const LINES = Array.from({ length: 40 }, (_, at) => ({
  text: `this is sentence ${at % 2 === 0 ? 'even' : 'odd'}`,
  startMs: 200 + at * 1000,
  endMs: 900 + at * 1000,
}));

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage(LINES);
});

afterAll(() => stage.stop());

test('a model that floods, breaks off, talks nonsense, echoes a card or fails is an outcome each, and nothing of it leaks', async () => {
  const call = await stage.dial();

  for (const behaviour of ['flood', 'cut', 'junk', 'error', 'echo-card'] satisfies Behaviour[]) {
    stage.chat.behave(behaviour);
    const asked = stage.chat.requests.length;
    await until(`the model was asked to ${behaviour}`, () => stage.chat.requests.length > asked);
  }
  await until('a card was echoed and shown without it', () => insights().some((text) => text.includes('[CARD')));
  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => (await closedCalls()) === 1, 30_000);
  const entries = await stage.entries();

  const outcomes = ofKind(entries, 'release.outcome').map(({ outcome }) => outcome);
  expect(new Set(outcomes)).toEqual(new Set(['oversize', 'failed', 'answered']));
  expect(outcomes).toHaveLength(stage.chat.requests.length);
  expect(insights().join()).not.toMatch(/4242|word word/);
  // Ids and hashes are random: any four digits may stand in them.
  expect(JSON.stringify(entries).replace(/[0-9a-f]{32,}/g, '')).not.toMatch(/4242|sentence/);
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

test('a model that hangs holds up neither the call nor its end, and what waited behind it is a gap', async () => {
  const asked = stage.chat.requests.length;
  stage.chat.behave('hang');
  const call = await stage.dial();
  await until('the model hangs', () => stage.chat.requests.length > asked);
  await until('more turns wait behind it', () => segments() > 6);

  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => (await closedCalls()) === 2, 35_000);
  const entries = await stage.entries();
  const closedAt = ofKind(entries, 'call.close').at(-1)?.seq ?? 0;

  const outcomes = ofKind(entries, 'release.outcome').map(({ outcome }) => outcome);
  expect(outcomes).toContain('deadline');
  expect(outcomes).toHaveLength(ofKind(entries, 'release.request').length);
  expect(ofKind(entries, 'gap').map(({ reason }) => reason)).toContain('processor_down');
  // But for our own reading, the call's end is the last that is said.
  const after = entries.filter(({ log, seq, kind }) => log === 'acme' && seq > closedAt && !kind.startsWith('read'));
  expect(after).toEqual([]);
  expect(stage.node.supervisor.readiness().conditions).toContain('governance: processor_unavailable:coach');
  expect((await stage.verify()).findings).toEqual([]);

  function segments(): number {
    const calls = stage.events.filter(({ kind, state }) => kind === 'call' && state === 'started');
    return stage.events.filter(({ kind, call: of }) => kind === 'segment' && of === calls.at(-1)?.['call']).length;
  }
}, 70_000);

function insights(): string[] {
  return stage.events.filter(({ kind }) => kind === 'insight').map((event) => String(event['text']));
}

async function closedCalls(): Promise<number> {
  return ofKind(await stage.entries(), 'call.close').length;
}
