import { expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { onAudioEvent } from '../../../src/governance/use-cases/follow-tap.ts';
import { listProcessorsOf } from '../../../src/governance/use-cases/list-processors.ts';
import { streamsOf } from '../../../src/governance/use-cases/live-view.ts';
import { RevocationList } from '../../../src/governance/use-cases/revocation-list.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import { statusOf } from '../../../src/governance/use-cases/status-of-hearing.ts';
import { processorPage } from '../../../src/model/api/config.ts';
import type { Principal } from '../../../src/model/access.ts';
import { BY_SCRIBE, BY_TENANT, local, principal, switchboard } from './switchboard.ts';
import { callFact, makeWorld, ofKind, revision, scribe, settle, tenant, type World } from './world.ts';

test('a stream says who hears it until where, who reads it, and how far behind each one is', async () => {
  const world = await heard();

  const [stream] = streamsOf(world.deps.calls.all()[0]!);

  expect(stream).toMatchObject({
    side: 'caller',
    role: 'customer',
    codec: 'G722',
    secure: true,
    tapped: true,
    pci: false,
    heard_by: [
      { processor: 'scribe', through_ms: 30_000, bytes: 96_000, lag_ms: 2000 },
      { processor: 'collector', through_ms: 30_000, bytes: 0, lag_ms: 5000 },
    ],
    read_by: ['coach'],
  });
});

test('where the worker has heard nothing since, nobody lags, however much time goes by', async () => {
  const world = await heard();
  progress(world, 'scribe', 5000, 160_000);
  progress(world, 'collector', 5000, 160_000);

  world.clock.advance(8000);

  expect(streamsOf(world.deps.calls.all()[0]!)[0]?.heard_by.map(({ lag_ms }) => lag_ms)).toEqual([0, 0]);
});

test('processors are listed with their health, streams, lag and whether they are silenced', async () => {
  const world = await heard();
  const [lease] = ofKind(world, 'lease.open');
  onAudioEvent(world.deps, { kind: 'feed.opened', lease: lease!.lease as never });
  const board = switchboard(world);

  const before = await list(world, board.list, principal('ops'));
  await silence(world.deps, board, local, BY_SCRIBE);
  const after = await list(world, board.list, principal('ops'));

  expect(processorPage.safeParse(before).success).toBe(true);
  expect(before.items).toMatchObject([
    { processor: 'coach', health: 'unknown', streams: 1, lag_ms: 0, revoked: false, tenants: ['acme'] },
    { processor: 'collector', health: 'unknown', streams: 1, lag_ms: 5000, revoked: false },
    { processor: 'scribe', health: 'up', streams: 1, lag_ms: 2000, revoked: false },
  ]);
  expect(after.items.find(({ processor }) => processor === 'scribe')).toMatchObject({ streams: 0, revoked: true });
});

test('a processor is revoked for a token when every tenant it sees has it silenced', async () => {
  const world = await heard();
  const board = switchboard(world);
  await silence(world.deps, board, local, BY_TENANT);
  const beta = { ...tenant, id: asTenantId('beta') };
  const both = { ...revision, tenants: [tenant, beta] };

  const seen = await Promise.all(
    [principal('ops'), principal('ops', ['acme']), principal('ops', ['beta'])].map(async (who) => {
      const { items } = await list(world, board.list, who, both);
      return items.map(({ revoked, tenants, streams }) => [revoked, tenants.join(), streams]);
    }),
  );

  expect(seen.map(([first]) => first)).toEqual([
    [false, 'acme,beta', 0],
    [true, 'acme', 0],
    [false, 'beta', 0],
  ]);
});

test('listing is a read: it is recorded first, and without a ledger there is no list', async () => {
  const world = await heard();
  const board = switchboard(world);
  await list(world, board.list, principal('ops', ['acme']));
  const kinds = world.entries.slice(-2).map(({ kind }) => kind);
  world.set({ ledgerFails: true });

  expect(kinds).toEqual(['read', 'read.done']);
  await expect(list(world, board.list, principal('ops'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(list(world, board.list, local)).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

test('policy is told that a processor is down while that is news, and that it answers once it did', async () => {
  const world = makeWorld();
  const told: (string | undefined)[] = [];
  world.set({
    decide: (_processor, _entrypoint, input) => {
      told.push(input.processor?.health);
      return { allow: true, code: 'allowed' };
    },
  });
  const one = { ...revision, processors: [scribe] };
  await followCall(world.deps, one, callFact(), { isResumed: false });
  const [lease] = ofKind(world, 'lease.open');

  onAudioEvent(world.deps, { kind: 'feed.down', lease: lease!.lease as never, reason: 'refused' });
  await followCall(world.deps, one, callFact(), { isResumed: false });
  world.clock.advance(60_000);
  await followCall(world.deps, one, callFact(), { isResumed: false });
  onAudioEvent(world.deps, { kind: 'feed.opened', lease: ofKind(world, 'lease.open').at(-1)!.lease as never });
  world.clock.advance(600_000);
  await followCall(world.deps, one, callFact(), { isResumed: false });

  expect(told).toEqual(['unknown', 'down', 'unknown', 'up']);
});

test('the status counts what is heard, read, waiting and silenced, and names nobody', async () => {
  const world = await heard();
  const board = switchboard(world);
  world.set({ ledgerFails: true });
  await silence(world.deps, board, local, BY_SCRIBE);
  await settle();

  const status = statusOf({
    calls: world.deps.calls.all(),
    ledger: { isAvailable: false, waiting: 12 },
    isDatabaseReachable: false,
    policy: { default: 'd'.repeat(64), guardrail: undefined },
    revision: { ...revision, tenants: [tenant, { ...tenant, policy: { sha256: 'e'.repeat(64) } }] },
    revocations: board.list,
  });

  expect(status).toEqual({
    calls: 1,
    taps: 1,
    leases: 1,
    readers: 1,
    lag_ms: 5000,
    pci_windows: 0,
    releases_waiting: 0,
    ledger: false,
    ledger_waiting: 12,
    database: false,
    policy_default: 'd'.repeat(64),
    policy_guardrail: '',
    tenants: 2,
    tenants_with_policy: 1,
    revocations: 1,
    revocations_unrecorded: 1,
    revision: 1,
    config_digest: 'd',
  });
  expect(JSON.stringify(status)).not.toMatch(/acme|scribe|coach/);
});

test('a node without calls and configuration has a status too', () => {
  const world = makeWorld();

  const status = statusOf({
    calls: [],
    ledger: { isAvailable: true, waiting: 0 },
    isDatabaseReachable: true,
    policy: { default: undefined, guardrail: undefined },
    revision: undefined,
    revocations: new RevocationList(world.deps.calls.silenced),
  });

  expect(status).toMatchObject({ lag_ms: 0, revision: 0, config_digest: '', revocations: 0 });
});

/** A call whose stream was heard for five seconds: by the scribe for three of them, by the collector not at all. */
async function heard(): Promise<World> {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, revision, fact, { isResumed: false });
  const stream = fact.legs[0]!.stream!.stream;
  const [tap] = [...world.taps];
  onAudioEvent(world.deps, { kind: 'stream.position', tap: tap!, stream, positionMs: 5000 });
  progress(world, 'scribe', 3000, 96_000);
  return world;
}

function progress(world: World, processor: string, capturedThroughMs: number, bytes: number): void {
  const opened = ofKind(world, 'lease.open').find((lease) => lease.processor === processor);
  const use = { capturedThroughMs, bytes };
  onAudioEvent(world.deps, { kind: 'feed.progress', lease: opened!.lease as never, use, waitingMs: 0 });
}

function list(world: World, revocations: RevocationList, who: Principal, inForce = revision) {
  return listProcessorsOf(world.deps, { revocations, revision: () => inForce })(who);
}
