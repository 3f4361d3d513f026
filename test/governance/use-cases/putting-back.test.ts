import { expect, test } from 'vitest';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import type { Redaction } from '../../../src/governance/redaction/redaction.ts';
import type { RedactionPlan } from '../../../src/model/transcript.ts';
import { callFact, coach, makeWorld, ofKind, revision, segment, settle, type World } from './world.ts';

const ANSWER = 'Say hello to [NAME_1] and to [NAME_2], not to [CITY_1].';

/** The coach answers; what the local subscriber may see, and how the call's memory does, is as told. */
async function answered(options: { readonly restore?: string[]; readonly memory: Redaction['restore'] }) {
  const world = makeWorld();
  const plans: RedactionPlan[] = [];
  world.set({
    decide: (_processor, entrypoint) => ({ allow: true, code: 'allowed', obligations: obligationsOf(entrypoint) }),
    infer: () => Promise.resolve({ kind: 'answered', text: ANSWER, sentBytes: 10 }),
  });
  const deps: World['deps'] = {
    ...world.deps,
    redaction: {
      ...world.deps.redaction,
      answer: (call, text, plan) => {
        plans.push(plan);
        return world.deps.redaction.answer(call, text, plan);
      },
      restore: (...asked) => {
        world.trace.push('restore');
        return options.memory(...asked);
      },
    },
  };
  const fact = callFact();
  await followCall(deps, { ...revision, processors: [coach] }, fact, { isResumed: false });
  governSegment(deps, segment(fact, 'hello'));
  await settle();
  world.clock.advance(1300);
  endTurnsByPause(deps);
  await settle();
  const insight = world.events.find(({ kind }) => kind === 'insight');
  return { world, plans, insight, emit: ofKind(world, 'emit')[0] };

  function obligationsOf(entrypoint: string) {
    if (entrypoint === 'stream') return { redact: { CARD: 'mask' } } as const;
    return entrypoint === 'emit' && options.restore !== undefined ? { restore: options.restore } : {};
  }
}

test('values are put back for the subscriber after the decision, recorded before he sees them, and not in the entry', async () => {
  const { world, insight, emit } = await answered({
    restore: ['NAME'],
    memory: (_call, text, types) => {
      expect(types).toEqual(['NAME']);
      return Promise.resolve({
        kind: 'restored',
        text: text.replace('[NAME_1]', 'ann'),
        restored: { NAME: 1 },
        unknown: 1,
      });
    },
  });

  const shown = world.events.findIndex((event) => event.kind === 'insight');
  expect(insight).toMatchObject({ text: ANSWER.replace('[NAME_1]', 'ann'), restored: { NAME: 1 }, notRestored: 1 });
  expect(emit).toMatchObject({ restored: { NAME: 1 }, not_restored: 1, chars: ANSWER.length });
  expect(emit?.decision.obligations).toEqual({ restore: ['NAME'] });
  expect(JSON.stringify(world.entries)).not.toContain('ann');
  expect(world.trace.indexOf('restore')).toBeLessThan(world.trace.indexOf('entry:emit'));
  expect(shown).toBeGreaterThan(0);
});

test('a memory that does not answer leaves every pseudonym where it is, and that is counted', async () => {
  const { insight, emit } = await answered({
    restore: ['NAME', 'CITY'],
    memory: () => Promise.resolve({ kind: 'withheld' }),
  });

  expect(insight).toMatchObject({ text: ANSWER, notRestored: 3 });
  expect(emit).toMatchObject({ not_restored: 3 });
  expect(emit).not.toHaveProperty('restored');
});

test('where policy says nothing of it nobody even asks for values, nor for types that the answer does not name', async () => {
  for (const restore of [undefined, ['EMAIL']]) {
    const { world, insight, emit } = await answered({
      ...(restore && { restore }),
      memory: () => Promise.reject(new Error('asked')),
    });

    expect(world.trace).not.toContain('restore');
    expect(insight).toMatchObject({ text: ANSWER });
    expect(emit).not.toHaveProperty('not_restored');
  }
});

test('a value that would make the answer grow without end is not put back', async () => {
  const { insight } = await answered({
    restore: ['NAME'],
    memory: () => Promise.resolve({ kind: 'restored', text: 'x'.repeat(40_000), restored: { NAME: 2 }, unknown: 0 }),
  });

  expect(insight).toMatchObject({ text: ANSWER, notRestored: 2 });
});

test('an answer is redacted under the plan of the reader who gave it', async () => {
  const { plans } = await answered({ memory: () => Promise.resolve({ kind: 'withheld' }) });

  expect(plans).toEqual([{ actions: { CARD: 'mask' }, defaultAction: 'pseudonym' }]);
});
