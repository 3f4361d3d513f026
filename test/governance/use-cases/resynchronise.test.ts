import { expect, test } from 'vitest';
import { newId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { resynchronise, type Snapshot } from '../../../src/governance/use-cases/resynchronise.ts';
import type { CallFact } from '../../../src/model/call.ts';
import { callFact, makeWorld, ofKind, revision, scribe, settle } from './world.ts';

const HEAD = { log: 'acme', epoch: newId('epoch'), seq: 4, leaf: 'a'.repeat(64) };
const oneProcessor = { ...revision, processors: [scribe] };

test('a call that ends while chain heads are still looked up does not live on as a ghost', async () => {
  const world = makeWorld();
  const fact = callFact();
  let found: (holds: boolean) => void = () => undefined;
  const held = new Promise<boolean>((resolve) => (found = resolve));
  const done = resynchronise(world.deps, snapshot([fact]), { ...how, holdsHead: () => held });

  const ending = endCall(world.deps, fact.call, 'bye');
  found(true);
  await done;
  await ending;

  expect(world.deps.calls.size).toBe(0);
  expect(world.trace).toEqual(['entry:call.open', 'entry:call.close']);
});

test('nothing is granted on a log before it is known that its tail is there', async () => {
  const world = makeWorld();
  const lost: string[] = [];

  await resynchronise(world.deps, snapshot([callFact()]), {
    ...how,
    holdsHead: () => Promise.resolve(false),
    onTailLost: ({ log }) => {
      lost.push(log);
      world.set({ ledgerFails: true });
    },
  });

  expect(lost).toEqual(['acme']);
  expect(ofKind(world, 'lease.open')).toEqual([]);
});

test('a database that cannot say now whether it holds a head is no lost tail', async () => {
  const world = makeWorld();
  const lost: unknown[] = [];

  await resynchronise(world.deps, snapshot([]), {
    ...how,
    holdsHead: () => Promise.resolve(undefined),
    onTailLost: (head) => lost.push(head),
  });

  expect(lost).toEqual([]);
});

test('a call taken up mid-way is opened in the ledger as such, one that was known is not opened again', async () => {
  const world = makeWorld();
  const known = callFact();
  const unknown = callFact();
  await followCall(world.deps, oneProcessor, known, { isResumed: false });

  await resynchronise(world.deps, snapshot([known, unknown]), how);

  expect(ofKind(world, 'call.open')).toMatchObject([{ call: known.call }, { call: unknown.call, resumed: true }]);
  expect(ofKind(world, 'call.open')[0]).not.toHaveProperty('resumed');
});

test('calls the call plane no longer has are ended, and those it has are heard under new leases', async () => {
  const world = makeWorld();
  const [gone, stays] = [callFact(), callFact()];
  for (const fact of [gone, stays]) await followCall(world.deps, oneProcessor, fact, { isResumed: false });

  await resynchronise(world.deps, snapshot([stays]), how);
  await settle();

  expect(world.deps.calls.get(gone.call)?.end).toMatchObject({ reason: 'restart' });
  expect(world.deps.calls.get(stays.call)?.end).toBeUndefined();
  expect(world.trace.filter((step) => step === 'feed.close')).toHaveLength(2);
});

const how = {
  revision: oneProcessor,
  holdsHead: () => Promise.resolve(true),
  onTailLost: () => undefined,
};

function snapshot(calls: readonly CallFact[]): Snapshot {
  return {
    kind: 'snapshot',
    calls: calls.map((fact) => structuredClone(fact)),
    tapSockets: [],
    routesRevision: 1,
    heads: [HEAD],
  };
}
