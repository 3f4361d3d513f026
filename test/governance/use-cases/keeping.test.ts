import { expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { makeKeyPair } from '../../../src/governance/retention/sodium-open.ts';
import type { TenantPublicKey } from '../../../src/governance/retention/tenant-key.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { KeptTranscripts } from '../../../src/governance/use-cases/keep-transcript.ts';
import { leaveCalls } from '../../../src/governance/use-cases/leave-calls.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { Revision } from '../../../src/model/tenant.ts';
import { openObject } from '../../../src/reader/open-object.ts';
import type { SealedChunkRow, SealedObjectRow } from '../../../src/store/schema.ts';
import { callFact, coach, makeWorld, ofKind, revision, segment, settle, tenant, type World } from './world.ts';

const DAY_MS = 86_400_000;
const keeping = { ...tenant, retention: { transcripts: { keep: true, days: 30 } } };
const kept: Revision = { ...revision, tenants: [keeping], processors: [coach] };
const unread: Revision = { ...kept, processors: [] };

interface Keep {
  readonly world: World;
  readonly deps: Deps;
  readonly objects: SealedObjectRow[];
  readonly chunks: SealedChunkRow[];
  hasKey: boolean;
  storeFails: boolean;
  /** What the kept transcript says, opened with the tenant's pair. */
  read(): { readonly texts: readonly string[]; readonly isWhole: boolean };
}

function makeKeep(): Keep {
  const world = makeWorld();
  const pair = makeKeyPair();
  const key: TenantPublicKey = { tenant: asTenantId('acme'), version: 1, publicKey: pair.publicKey };
  const put = <Row>(rows: Row[], step: string) => {
    return (row: Row): Promise<void> => {
      if (keep.storeFails) return Promise.reject(new Error('down'));
      world.trace.push(step);
      rows.push(row);
      return Promise.resolve();
    };
  };
  const objects: SealedObjectRow[] = [];
  const chunks: SealedChunkRow[] = [];
  const transcripts = new KeptTranscripts({
    store: { addObject: put(objects, 'store:object'), addChunk: put(chunks, 'store:chunk') },
    keys: { find: () => (keep.hasKey ? key : undefined) },
  });
  const keep: Keep = {
    world,
    deps: { ...world.deps, transcripts },
    objects,
    chunks,
    hasKey: true,
    storeFails: false,
    read: () => {
      const opened = openObject({ ...objects[0]!, chunks }, pair);
      if (opened.kind === 'refused') throw new Error(opened.why);
      return { texts: opened.turns.map(({ text }) => text), isWhole: opened.isWhole };
    },
  };
  return keep;
}

async function begin({ deps }: Keep, under = kept, isResumed = false): Promise<CallFact> {
  const fact = callFact({ startedUs: undefined });
  await followCall(deps, under, fact, { isResumed });
  return fact;
}

async function say(keep: Keep, fact: CallFact, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    governSegment(keep.deps, segment(fact, text));
    await settle();
    keep.world.clock.advance(2000);
    endTurnsByPause(keep.deps);
    await settle();
  }
}

async function end({ deps, world }: Keep, fact: CallFact): Promise<void> {
  const ending = endCall(deps, fact.call, 'bye');
  for (let steps = 0; steps < 40 && world.deps.calls.size > 0; steps += 1) {
    await settle();
    world.clock.advance(500);
  }
  await ending;
}

test('what readers are given is kept, as it was redacted, and its end is sealed', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);

  await say(keep, fact, 'hello', 'goodbye');
  await end(keep, fact);

  expect(keep.read()).toEqual({ texts: ['HELLO', 'GOODBYE'], isWhole: true });
});

test('it is recorded before anything of it is stored, and closed at the end with its account', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);

  await say(keep, fact, 'hello');
  await end(keep, fact);

  const steps = keep.world.trace.filter((step) => /retention|store|call.close/.test(step));
  expect(steps).toEqual([
    'entry:retention.open',
    'store:object',
    'store:chunk',
    'store:chunk',
    'entry:retention.close',
    'entry:call.close',
  ]);
  const [object] = keep.objects;
  expect(ofKind(keep.world, 'retention.open')).toMatchObject([
    { sealed: object?.sealed, key_commit: object?.key_commit.toString('hex'), decision: { entrypoint: 'retain' } },
  ]);
  expect(ofKind(keep.world, 'retention.close')).toEqual([
    {
      kind: 'retention.close',
      call: fact.call,
      sealed: object?.sealed,
      chunks: 2,
      bytes: keep.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0),
      complete: true,
    },
  ]);
});

test('a leg that nobody may read is redacted all the same, and kept', async () => {
  const keep = makeKeep();
  const fact = await begin(keep, unread);

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(keep.read().texts).toEqual(['HELLO']);
});

test('without a wish of the tenant nobody even asks, and nothing is kept', async () => {
  const keep = makeKeep();
  const asked: string[] = [];
  keep.world.set({
    decide: (_processor, entrypoint) => {
      asked.push(entrypoint);
      return { allow: true, code: 'allowed' };
    },
  });
  const fact = await begin(keep, { ...kept, tenants: [tenant] });

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(asked).not.toContain('retain');
  expect(keep.objects).toEqual([]);
  expect(keep.world.trace.filter((step) => step.includes('retention'))).toEqual([]);
});

test('where policy says no nothing is kept, the no is recorded, and readers read on', async () => {
  const keep = makeKeep();
  keep.world.set({
    decide: (_processor, entrypoint) =>
      entrypoint === 'retain' ? { allow: false, code: 'policy_denied' } : { allow: true, code: 'allowed' },
  });
  const fact = await begin(keep);

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(keep.objects).toEqual([]);
  expect(ofKind(keep.world, 'refusal')).toMatchObject([{ decision: { entrypoint: 'retain' } }]);
  expect(keep.world.trace).toContain('send:coach');
});

test('it is kept as long as the stricter of tenant and policy says, as the class policy names', async () => {
  const days: number[] = [];
  for (const obligations of [{}, { max_window_ms: 7 * DAY_MS }, { max_window_ms: 90 * DAY_MS, keep_class: 'audit' }]) {
    const keep = makeKeep();
    keep.world.set({ decide: () => ({ allow: true, code: 'allowed', obligations }) });
    const fact = await begin(keep);
    await say(keep, fact, 'hello');
    const [object] = keep.objects;
    days.push((object!.keep_until_ms - object!.opened_ms) / DAY_MS);
    expect(object?.class).toBe('keep_class' in obligations ? 'audit' : 'transcript');
  }

  expect(days).toEqual([30, 7, 30]);
});

test('a call in which nothing is said leaves nothing', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);

  await end(keep, fact);

  expect(keep.objects).toEqual([]);
  expect(keep.world.trace.filter((step) => step.includes('retention'))).toEqual([]);
});

test('turns wait for a key that is still being made', async () => {
  const keep = makeKeep();
  keep.hasKey = false;
  const fact = await begin(keep);
  await say(keep, fact, 'hello');
  expect(keep.objects).toEqual([]);

  keep.hasKey = true;
  await say(keep, fact, 'goodbye');
  await end(keep, fact);

  expect(keep.read()).toEqual({ texts: ['HELLO', 'GOODBYE'], isWhole: true });
});

test('without a key nothing is kept, aloud: every turn is a gap, and no entry says it was begun', async () => {
  const keep = makeKeep();
  keep.hasKey = false;
  const fact = await begin(keep);

  await say(keep, fact, 'hello', 'goodbye');
  await end(keep, fact);

  expect(ofKind(keep.world, 'gap').map(({ reason }) => reason)).toEqual(['not_kept', 'not_kept']);
  expect(keep.world.trace.filter((step) => step.includes('retention'))).toEqual([]);
});

test('while the database is away turns wait, are stored in order when it is back, and readers never noticed', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);
  await say(keep, fact, 'one');
  keep.storeFails = true;
  await say(keep, fact, 'two', 'three');
  expect(keep.world.trace.filter((step) => step === 'send:coach')).toHaveLength(3);

  keep.storeFails = false;
  await say(keep, fact, 'four');
  await end(keep, fact);

  expect(keep.read()).toEqual({ texts: ['ONE', 'TWO', 'THREE', 'FOUR'], isWhole: true });
});

test('a database that stays away ends in gaps and an account without an end, and the call still closes', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);
  await say(keep, fact, 'one');
  keep.storeFails = true;
  await say(keep, fact, 'two');
  await end(keep, fact);

  expect(keep.read()).toEqual({ texts: ['ONE'], isWhole: false });
  expect(ofKind(keep.world, 'gap').map(({ reason }) => reason)).toEqual(['not_kept']);
  expect(ofKind(keep.world, 'retention.close')).toMatchObject([{ chunks: 1, complete: false }]);
  expect(keep.world.trace.at(-1)).toBe('entry:call.close');
});

test('more turns than may wait are gaps, one for each, and what is kept says that it is not the whole', async () => {
  const keep = makeKeep();
  keep.hasKey = false;
  const fact = await begin(keep, unread);

  await say(keep, fact, ...Array.from({ length: 260 }, (_, n) => `turn ${n}`));
  keep.hasKey = true;
  await say(keep, fact, 'last');
  await end(keep, fact);

  expect(ofKind(keep.world, 'gap').length).toBeGreaterThanOrEqual(4);
  expect(keep.read().isWhole).toBe(false);
  expect(keep.read().texts.at(0)).toBe('TURN 0');
});

test('when the ledger does not take the beginning nothing is stored', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);
  keep.world.set({ ledgerFails: true });

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(keep.objects).toEqual([]);
  expect(keep.chunks).toEqual([]);
});

test('a call that was taken up in its middle is never called whole', async () => {
  const keep = makeKeep();
  const fact = await begin(keep, kept, true);

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(keep.read()).toEqual({ texts: ['HELLO'], isWhole: false });
});

test('when governance leaves and the call goes on, what is kept so far has an account and no end', async () => {
  const keep = makeKeep();
  const fact = await begin(keep);
  await say(keep, fact, 'hello');

  const leaving = leaveCalls(keep.deps);
  await settle();
  keep.world.clock.advance(2000);
  await leaving;

  expect(ofKind(keep.world, 'retention.close')).toMatchObject([{ chunks: 1, complete: false }]);
  expect(keep.read()).toEqual({ texts: ['HELLO'], isWhole: false });
});

test('no entry and no event holds what is kept in the clear', async () => {
  const keep = makeKeep();
  const fact = await begin(keep, unread);

  await say(keep, fact, 'hello');
  await end(keep, fact);

  expect(JSON.stringify([keep.world.entries, keep.world.events])).not.toMatch(/hello/i);
  expect(Buffer.concat(keep.chunks.map(({ bytes }) => bytes)).toString('latin1')).not.toMatch(/hello/i);
});
