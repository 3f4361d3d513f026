import { expect, test } from 'vitest';
import { asProcessorId } from '../../../src/base/ids.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { openWindow } from '../../../src/governance/use-cases/pci-window.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { Obligations } from '../../../src/model/decision.ts';
import type { Redaction } from '../../../src/governance/redaction/redaction.ts';
import type { Revision } from '../../../src/model/tenant.ts';
import { BY_COACH, local, switchboard } from './switchboard.ts';
import { callFact, coach, makeWorld, ofKind, revision, segment, settle, settled, tenant, type World } from './world.ts';

const adviser = { ...coach, id: asProcessorId('adviser') };
const both: Revision = {
  ...revision,
  processors: [coach, adviser],
  tenants: [{ ...tenant, processors: [coach.id, adviser.id] }],
};

/** A world in which the coach is obliged to one thing and the adviser to another. */
function obliging(obligations: { readonly coach?: Obligations; readonly adviser?: Obligations }): World {
  const world = makeWorld();
  world.set({
    decide: (processor, entrypoint) => ({
      allow: true,
      code: 'allowed',
      obligations: entrypoint === 'stream' ? (obligations[processor as 'coach' | 'adviser'] ?? {}) : {},
    }),
  });
  return world;
}

async function begin(deps: Deps, under = both): Promise<CallFact> {
  const fact = callFact();
  await followCall(deps, under, fact, { isResumed: false });
  return fact;
}

function withRedaction(world: World, redaction: Partial<Redaction>): Deps {
  return { ...world.deps, redaction: { ...world.deps.redaction, ...redaction } };
}

async function pause(world: World, ms = 1300): Promise<void> {
  await settle();
  world.clock.advance(ms);
  endTurnsByPause(world.deps);
  await settle();
}

function released(world: World): unknown[] {
  return world.events.flatMap((event) => (event.kind === 'release' ? [[event.processor, event.text]] : []));
}

test('two readers of one turn each get the text under their own plan', async () => {
  const world = obliging({ coach: { redact: { NAME: 'mask' } } });
  const deps = withRedaction(world, {
    push: ({ startMs, endMs }) => {
      const texts = Object.entries(world.plans()).map(([name, { actions }]) => {
        const text = actions['NAME'] === 'mask' ? '[NAME] called' : '[NAME_1] called';
        return [name, [{ text, entities: [], startMs, endMs }]] as const;
      });
      return Promise.resolve({ kind: 'settled', texts: Object.fromEntries(texts), signals: [] });
    },
  });
  const fact = await begin(deps);

  governSegment(deps, segment(fact, 'ann called'));
  await pause(world);

  expect(released(world).toSorted()).toEqual([
    ['adviser', '[NAME_1] called'],
    ['coach', '[NAME] called'],
  ]);
});

test('the request says when what is hidden was said, in whole ms that cover it', async () => {
  const world = obliging({});
  const hidden = [
    { startMs: 100.4, endMs: 350.2 },
    { startMs: 300, endMs: 420 },
  ];
  const deps = withRedaction(world, {
    push: ({ startMs, endMs }) =>
      Promise.resolve(settled(world.plans(), [{ text: '[CARD]', entities: [], startMs, endMs, hidden }])),
  });
  const fact = await begin(deps);

  governSegment(deps, segment(fact, 'card'));
  await pause(world);

  expect(ofKind(world, 'release.request')[0]?.hidden_ms).toEqual([[100, 420]]);
});

test('whoever is given partial results gets a turn in parts, with what was held when the leg fell silent', async () => {
  const world = obliging({ coach: { partials: 'masked' } });
  const advanced: number[] = [];
  const deps = withRedaction(world, {
    advance: (_call, _leg, nowMs) => {
      advanced.push(nowMs);
      const piece = { text: ' HELD', entities: [], startMs: 500, endMs: 2600 };
      return Promise.resolve(settled(world.plans(), [piece]));
    },
  });
  const fact = await begin(deps);
  governSegment(deps, segment(fact, 'hello'));
  await settle();

  world.clock.advance(900);
  endTurnsByPause(deps);
  await settle();
  const inParts = released(world);
  const { final } = ofKind(world, 'release.request')[0]!;
  await pause(world);

  expect(advanced).toEqual([1400]);
  expect([inParts, final]).toEqual([[['coach', 'HELLO HELD']], false]);
  expect(released(world)).toEqual([...inParts, ['adviser', 'HELLO HELD']]);
});

test('partial results are shown redacted, four times a second at most, and go to no processor', async () => {
  const world = obliging({ coach: { partials: 'masked' } });
  const fact = await begin(world.deps);
  const say = async (text: string): Promise<void> => {
    governSegment(world.deps, { ...segment(fact, text), final: false });
    await settle();
    world.clock.advance(130);
  };

  for (const text of ['my', 'my name', 'my name is', 'my name is ann']) await say(text);

  const shown = world.events.filter(({ kind }) => kind === 'partial');
  expect(shown).toMatchObject([
    { text: 'MY', role: 'customer', startMs: 0, endMs: 500 },
    { text: 'MY NAME IS', role: 'customer' },
  ]);
  expect(JSON.stringify([world.events, world.entries])).not.toMatch(/my|ann/);
  expect(world.trace.filter((step) => step.startsWith('send:'))).toEqual([]);
});

test('nothing is shown of partial results where no reader is given them, or the one who is has been silenced', async () => {
  for (const isSilenced of [false, true]) {
    const world = obliging(isSilenced ? { coach: { partials: 'masked' } } : {});
    const fact = await begin(world.deps);
    if (isSilenced) await silence(world.deps, switchboard(world, { revision: both }), local, BY_COACH);

    governSegment(world.deps, { ...segment(fact, 'my name'), final: false });
    await settle();

    expect(world.events.filter(({ kind }) => kind === 'partial')).toEqual([]);
  }
});

test('nothing is shown of what is said while nobody may hear the leg', async () => {
  const world = obliging({ coach: { partials: 'masked' } });
  const fact = await begin(world.deps);
  const call = world.deps.calls.get(fact.call);
  if (call) openWindow(world.deps, call, { trigger: 'api' });

  governSegment(world.deps, { ...segment(fact, 'my name'), final: false, startMs: 60_000, endMs: 60_500 });
  await settle();

  expect(world.events.filter(({ kind }) => kind === 'partial')).toEqual([]);
});

test('partial results that come while others wait are one, and hold up nothing', async () => {
  const world = obliging({ coach: { partials: 'masked' } });
  const pushed: string[] = [];
  let answer: () => void = () => undefined;
  const deps = withRedaction(world, {
    push: ({ text, final }) => {
      pushed.push(text);
      const nothing = settled(world.plans(), []);
      return final ? new Promise((resolve) => (answer = () => resolve(nothing))) : new Promise(() => undefined);
    },
  });
  const fact = await begin(deps);

  governSegment(deps, segment(fact, 'one'));
  for (const text of ['a', 'b', 'c']) governSegment(deps, { ...segment(fact, text), final: false });
  governSegment(deps, segment(fact, 'two'));
  await settle();
  answer();
  await settle();

  expect(pushed).toEqual(['one', 'c', 'two']);
});

test('what follows words that nobody redacted is redacted as after a gap', async () => {
  const world = makeWorld();
  const opened: boolean[] = [];
  let letGo: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => (letGo = resolve));
  const deps = withRedaction(world, {
    open: (...args) => {
      opened.push(args[2].resumed);
      world.deps.redaction.open(...args);
    },
    push: () => isOver.then(() => settled(world.plans(), [])),
  });
  const fact = await begin(deps);

  for (let said = 0; said < 300; said += 1) governSegment(deps, segment(fact, 'hello'));
  letGo();
  await deps.calls.get(fact.call)!.segments.idle();
  const before = [...opened];
  governSegment(deps, segment(fact, 'hello'));
  await settle();

  expect(ofKind(world, 'gap').filter(({ reason }) => reason === 'queue_overflow')).toHaveLength(300 - 256);
  expect([before, opened]).toEqual([[false], [false, true]]);
});

test('what nobody may read is redacted for the sake of card data alone, where the tenant listens for it', async () => {
  const pushed: boolean[] = [];
  for (const enabled of [true, false]) {
    const world = makeWorld();
    world.set({ decide: () => ({ allow: false, code: 'policy_denied' }) });
    const deps = withRedaction(world, {
      push: () => {
        pushed.push(enabled);
        return Promise.resolve(settled(world.plans(), []));
      },
    });
    const redaction = { ...tenant.redaction, pci: { ...tenant.redaction.pci, enabled } };
    const fact = await begin(deps, { ...both, tenants: [{ ...tenant, redaction }] });

    governSegment(deps, segment(fact, 'hello'));
    await settle();

    expect(world.plans()).toEqual({});
  }

  expect(pushed).toEqual([true]);
});
