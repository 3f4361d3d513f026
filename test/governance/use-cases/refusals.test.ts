import { expect, test } from 'vitest';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { recordDecision, recordRepeatedRefusals } from '../../../src/governance/use-cases/record-decision.ts';
import { REPEATS_WITHIN_MS } from '../../../src/governance/use-cases/refusal-tally.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { callFact, coach, makeWorld, ofKind, revision, scribe, type World } from './world.ts';

const text = { processor: coach.id, modality: 'text' } as const;

test('the first refusal is recorded at once, and those that only repeat it as one number when their time is over', async () => {
  const { world, refuse } = await begin();

  for (let times = 0; times < 5; times += 1) refuse(denial());
  expect(ofKind(world, 'refusal')).toMatchObject([{ count: 1 }]);
  world.clock.advance(REPEATS_WITHIN_MS - 1);
  recordRepeatedRefusals(world.deps);
  expect(ofKind(world, 'refusal')).toHaveLength(1);
  world.clock.advance(1);
  recordRepeatedRefusals(world.deps);

  expect(ofKind(world, 'refusal')).toMatchObject([{ count: 1 }, { count: 4, processor: 'coach' }]);
});

test('a refusal that was not repeated is not recorded twice, and the next one like it is a first one again', async () => {
  const { world, refuse } = await begin();

  refuse(denial());
  world.clock.advance(REPEATS_WITHIN_MS);
  recordRepeatedRefusals(world.deps);
  refuse(denial());

  expect(ofKind(world, 'refusal')).toMatchObject([{ count: 1 }, { count: 1 }]);
});

test('another reason, code, processor, leg or call is another refusal', async () => {
  const { world, refuse } = await begin();
  const other = callFact({ startedUs: undefined });
  await followCall(world.deps, nobody, other, { isResumed: false });

  refuse(denial());
  refuse(denial({ reasons: [{ rule: 'training' }] }));
  refuse(denial({ code: 'policy_deadline', reasons: [] }));
  refuse(denial(), { ...text, processor: scribe.id });
  refuse(denial(), { ...text, leg: other.legs[0]!.leg });
  recordDecision(world.deps, world.deps.calls.get(other.call)!, denial(), text);

  expect(ofKind(world, 'refusal').map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, 1]);
});

test('the end of the call records what was only counted, before the account of the call', async () => {
  const { world, refuse, call } = await begin();
  refuse(denial());
  refuse(denial());

  await endCall(world.deps, call, 'bye');

  expect(world.trace.slice(-3)).toEqual(['entry:refusal', 'entry:refusal', 'entry:call.close']);
  expect(ofKind(world, 'refusal')[1]).toMatchObject({ count: 1 });
});

test('more kinds of refusal than may be remembered are recorded one by one, none is lost', async () => {
  const { world, refuse } = await begin();

  for (let rule = 0; rule < 100; rule += 1) refuse(denial({ reasons: [{ rule: `rule-${rule}` }] }));
  for (let rule = 0; rule < 100; rule += 1) refuse(denial({ reasons: [{ rule: `rule-${rule}` }] }));
  world.clock.advance(REPEATS_WITHIN_MS);
  recordRepeatedRefusals(world.deps);

  const counts = ofKind(world, 'refusal').map(({ count }) => count);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
});

test('an allow that lets nothing through is recorded as what it is', async () => {
  const { world, refuse } = await begin();

  refuse({ ...denial(), allow: true, code: 'allowed', obligations: { tighten: 'drop' } });

  expect(ofKind(world, 'refusal')).toMatchObject([{ decision: { allow: true, obligations: { tighten: 'drop' } } }]);
});

const nobody = { ...revision, processors: [] };

async function begin() {
  const world: World = makeWorld();
  const fact = callFact({ startedUs: undefined });
  await followCall(world.deps, nobody, fact, { isResumed: false });
  const call = world.deps.calls.get(fact.call)!;
  const refuse = (decision: Decision, subject: Parameters<typeof recordDecision>[3] = text): void =>
    recordDecision(world.deps, call, decision, subject);
  return { world, refuse, call: fact.call };
}

function denial(changes: Partial<Decision> = {}): Decision {
  return {
    entrypoint: 'release',
    allow: false,
    code: 'policy_denied',
    reasons: [{ rule: 'authentication_data' }],
    obligations: {},
    inputCommitment: '0'.repeat(64),
    evaluationUs: 1,
    ...changes,
  };
}
