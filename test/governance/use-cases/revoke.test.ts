import { expect, test } from 'vitest';
import { newId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain } from '../../../src/governance/use-cases/follow-tap.ts';
import { streamsOf } from '../../../src/governance/use-cases/live-view.ts';
import { renewLeases } from '../../../src/governance/use-cases/renew-leases.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import { BY_CALL, BY_SCRIBE, BY_TENANT, local, principal, switchboard } from './switchboard.ts';
import { callFact, feedClosed, makeWorld, ofKind, revision, settle, tenant, verifyWorld } from './world.ts';

test('when silence returns every feed it concerns is closed and every tap without one, before anything is awaited', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const board = switchboard(world);
  world.trace.length = 0;

  const acting = silence(world.deps, board, local, BY_TENANT);
  const heardAtReturn = world.openFeeds.size;
  const traceAtReturn = [...world.trace];
  const view = await acting;

  expect(heardAtReturn).toBe(0);
  expect(traceAtReturn.filter((step) => step === 'feed.close')).toHaveLength(2);
  expect(traceAtReturn).toContain('tap.close');
  // Two leases, and the coach who read the leg.
  expect(view).toMatchObject({ target: BY_TENANT.target, silenced: 3, actor: 'local' });
});

test('a processor is cut off and the other one hears on over the same tap', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  await silence(world.deps, switchboard(world), local, BY_SCRIBE);

  expect(world.openFeeds.size).toBe(1);
  expect(world.trace).not.toContain('tap.close');
  const [stream] = streamsOf(world.deps.calls.all()[0]!);
  expect(stream?.heard_by.map(({ processor }) => processor)).toEqual(['collector']);
});

test('it acts without policy, configuration and ledger, and is recorded when the ledger is back', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  world.set({ ledgerFails: true });
  const board = switchboard(world, { revision: 'none' });

  const view = await silence(world.deps, board, local, BY_SCRIBE);
  await settle();
  const recordedAtOnce = board.list.inForce.map(({ unrecorded }) => unrecorded.length);
  world.set({ ledgerFails: false });
  world.clock.advance(2000);
  await settle();

  expect(view.recorded).toBe(false);
  expect(world.openFeeds.size).toBe(1);
  expect(recordedAtOnce).toEqual([1]);
  expect(board.list.inForce.map(({ unrecorded }) => unrecorded)).toEqual([[]]);
  expect(ofKind(world, 'revoke')).toMatchObject([
    { action: 'silence', scope: 'processor', target: 'scribe', reason: 'leaks', silenced: 1, actor: 'local' },
  ]);
});

test('what a life of this node could not record is recorded by the next one, once', async () => {
  const world = makeWorld();
  world.set({ ledgerFails: true });
  const board = switchboard(world);
  await silence(world.deps, board, local, BY_SCRIBE);
  const successor = makeWorld();

  const heir = switchboard(successor, { earlier: board.stored.at(-1)! });
  heir.record();
  heir.record();
  await settle();
  heir.record();

  expect(ofKind(successor, 'revoke')).toHaveLength(1);
  expect(heir.list.inForce).toMatchObject([{ unrecorded: [] }]);
});

test('what was silenced before a restart is not heard after it: neither asked about nor opened', async () => {
  const world = makeWorld();
  const asked: string[] = [];
  world.set({
    decide: (processor) => {
      asked.push(processor);
      return { allow: true, code: 'allowed' };
    },
  });
  const before = switchboard(makeWorld());
  await silence(makeWorld().deps, before, local, BY_SCRIBE);
  switchboard(world, { earlier: before.list.all });

  await followCall(world.deps, revision, callFact(), { isResumed: true });

  expect(new Set(asked)).toEqual(new Set(['coach', 'collector']));
  expect(ofKind(world, 'lease.open').map(({ processor }) => processor)).toEqual(['collector']);
});

test('the silence of a stream is one mark with its whole extent, however often it would have been tried', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, { ...revision, processors: revision.processors.slice(0, 1) }, fact, {
    isResumed: false,
  });
  const [lease] = ofKind(world, 'lease.open');
  world.clock.advance(4000);
  await silence(world.deps, switchboard(world), local, BY_SCRIBE);
  feedClosed(world, lease!.lease, { reason: 'revoked', capturedThroughMs: 3960, bytes: 126_720 });
  for (let second = 0; second < 5; second += 1) {
    world.clock.advance(1000);
    listenAgain(world.deps);
    renewLeases(world.deps);
    await settle();
  }

  const ending = endCall(world.deps, fact.call, 'bye');
  await settle();
  world.clock.advance(20_000);
  await ending;

  expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'revoked', bytes: 126_720 }]);
  expect(ofKind(world, 'gap')).toMatchObject([{ reason: 'revoked', processor: 'scribe', from_ms: 3960, to_ms: 9000 }]);
  expect(ofKind(world, 'lease.open')).toHaveLength(1);
  expect(await verifyWorld(world)).toEqual([]);
});

test('a call that begins while its tenant is silenced is heard and read by nobody, and says so once per processor', async () => {
  const world = makeWorld();
  const board = switchboard(world);
  await silence(world.deps, board, local, BY_TENANT);
  const fact = callFact();

  await followCall(world.deps, revision, fact, { isResumed: false });
  world.clock.advance(7000);
  listenAgain(world.deps);
  const ending = endCall(world.deps, fact.call, 'bye');
  await settle();
  await ending;

  expect(ofKind(world, 'lease.open')).toEqual([]);
  expect(ofKind(world, 'refusal')).toEqual([]);
  expect(world.events.filter(({ kind }) => kind === 'decision')).toEqual([]);
  const marks = ofKind(world, 'gap').map(({ processor, reason, from_ms, to_ms }) => [
    processor,
    reason,
    from_ms,
    to_ms,
  ]);
  expect(marks.sort()).toEqual([
    ['coach', 'revoked', 0, 7000],
    ['collector', 'revoked', 0, 7000],
    ['scribe', 'revoked', 0, 7000],
  ]);
});

test('a lease on its way into the ledger when the switch is pulled is never used', async () => {
  const world = makeWorld();
  world.set({ ledgerHolds: true });
  const following = followCall(world.deps, revision, callFact(), { isResumed: false });
  await settle();

  await silence(world.deps, switchboard(world), local, BY_TENANT);
  world.letLedger();
  await following;

  expect(world.trace).not.toContain('tap.open');
  expect(world.trace.filter((step) => step.startsWith('feed.open'))).toEqual([]);
  expect(ofKind(world, 'lease.close').map(({ reason, bytes }) => [reason, bytes])).toEqual([
    ['revoked', 0],
    ['revoked', 0],
  ]);
});

test('a renewal that becomes durable after the switch was pulled extends nothing', async () => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  world.clock.advance(16_000);
  world.set({ ledgerHolds: true });
  renewLeases(world.deps);

  await silence(world.deps, switchboard(world), local, BY_TENANT);
  world.letLedger();
  await settle();

  expect(world.trace).not.toContain('feed.extend');
});

test('what silences one call ends with that call, and what was not recorded by then still is', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, revision, fact, { isResumed: false });
  world.set({ ledgerFails: true });
  const board = switchboard(world);
  await silence(world.deps, board, local, BY_CALL(fact.call));
  await settle();

  const ending = endCall(world.deps, fact.call, 'bye');
  for (let second = 0; second < 20; second += 1) {
    await settle();
    world.clock.advance(1000);
  }
  await ending;
  const afterwards = { inForce: board.list.inForce.length, kept: board.list.all.length };
  world.set({ ledgerFails: false });
  world.clock.advance(2000);
  await settle();

  expect(afterwards).toEqual({ inForce: 0, kept: 1 });
  expect(ofKind(world, 'revoke')).toMatchObject([{ scope: 'call', target: fact.call, call: fact.call }]);
  expect(board.list.all).toEqual([]);
  expect(board.stored.at(-1)).toEqual([]);
});

test('calls that ended while governance was away take their silence with them; the others keep theirs', async () => {
  const world = makeWorld();
  const [one, other] = [callFact(), callFact()];
  for (const fact of [one, other]) await followCall(world.deps, revision, fact, { isResumed: false });
  const board = switchboard(world);
  await silence(world.deps, board, local, BY_CALL(one.call));
  await silence(world.deps, board, local, BY_CALL(other.call));
  await settle();

  board.list.keepCalls([other.call]);

  expect(board.list.inForce.map(({ target }) => target)).toEqual([{ scope: 'call', call: other.call }]);
});

test('a processor of all tenants is recorded with every tenant that has it, or in the system log', async () => {
  const tenants = Array.from({ length: 65 }, (_, index) => ({ ...tenant, id: asTenantId(`t${index}`) }));
  const few = { ...revision, tenants: [...tenants.slice(0, 2), { ...tenants[2]!, processors: [] }] };
  const many = { ...revision, tenants };

  const logs = [];
  for (const each of [few, many]) {
    const world = makeWorld();
    const board = switchboard(world, { revision: each });
    await silence(world.deps, board, local, BY_SCRIBE);
    logs.push(board.list.inForce[0]?.logs);
  }

  expect(logs).toEqual([['t0', 't1'], ['system']]);
});

test('a tenant and a processor of the same name are silenced, kept and recorded apart', async () => {
  const world = makeWorld();
  const named = { ...tenant, id: asTenantId('scribe') };
  const board = switchboard(world, { revision: { ...revision, tenants: [tenant, named] } });
  const byTenant = { target: { scope: 'tenant', tenant: 'scribe' }, reason: 'x' } as const;

  const first = await silence(world.deps, board, local, BY_SCRIBE);
  const second = await silence(world.deps, board, local, byTenant);
  await settle();

  expect(second.revocation).not.toBe(first.revocation);
  expect(board.list.inForce.map(({ target }) => target)).toEqual([BY_SCRIBE.target, byTenant.target]);
  expect(board.stored.at(-1)).toHaveLength(2);
  expect(ofKind(world, 'revoke').map(({ scope, target }) => `${scope} ${target}`)).toContain('tenant scribe');
  expect(board.list.findSame(BY_SCRIBE.target)?.revocation).toBe(first.revocation);
});

test('silencing what is silenced shows the revocation there is', async () => {
  const world = makeWorld();
  const board = switchboard(world);

  const first = await silence(world.deps, board, local, BY_SCRIBE);
  const second = await silence(world.deps, board, principal('ops'), BY_SCRIBE);

  expect(second.revocation).toBe(first.revocation);
  expect(ofKind(world, 'revoke')).toHaveLength(1);
});

test.each([
  ['an auditor', principal('auditor'), BY_SCRIBE, 'FORBIDDEN'],
  ['an admin', principal('admin'), BY_TENANT, 'FORBIDDEN'],
  ['ops of another tenant', principal('ops', ['beta']), BY_TENANT, 'FORBIDDEN'],
  ['a scoped token, for all tenants', principal('security', ['acme']), BY_SCRIBE, 'FORBIDDEN'],
  ['a call that is not here', local, BY_CALL(newId('call')), 'NOT_FOUND'],
  [
    'a slip of the pen in a processor',
    local,
    { ...BY_SCRIBE, target: { scope: 'processor', processor: 'scribbe' } },
    'NOT_FOUND',
  ],
  ['a slip of the pen in a tenant', local, { ...BY_TENANT, target: { scope: 'tenant', tenant: 'acne' } }, 'NOT_FOUND'],
] as const)('%s is refused and nothing is silenced', async (_who, who, body, code) => {
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  const board = switchboard(world);

  const refused = silence(world.deps, board, who, body);

  await expect(refused).rejects.toMatchObject({ code });
  expect(board.list.all).toEqual([]);
  expect(world.openFeeds.size).toBe(2);
});

test('a token of one tenant silences its own tenant, and cannot tell another’s call from none', async () => {
  const world = makeWorld();
  const fact = callFact();
  await followCall(world.deps, revision, fact, { isResumed: false });
  const board = switchboard(world);

  const theirs = silence(world.deps, board, principal('ops', ['beta']), BY_CALL(fact.call));
  const own = await silence(world.deps, board, principal('security', ['acme']), {
    target: { scope: 'processor', processor: 'scribe', tenant: 'acme' },
    reason: 'x',
  });

  await expect(theirs).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(own.silenced).toBe(1);
  expect(ofKind(world, 'revoke')).toMatchObject([{ target: 'scribe@acme' }]);
});

test('a reason cannot break an entry or write to a terminal', async () => {
  const world = makeWorld();
  const board = switchboard(world);

  const view = await silence(world.deps, board, local, { ...BY_SCRIBE, reason: 'bad \ud800 \u001b[2J' });

  expect(view.reason).toBe('bad \ufffd  [2J');
});
