import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asProcessorId, asTenantId, newId, type LeaseId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { listenAgain } from '../../../src/governance/use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import { lift } from '../../../src/governance/use-cases/lift.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import { renewLeases } from '../../../src/governance/use-cases/renew-leases.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import { Silenced } from '../../../src/governance/use-cases/silenced.ts';
import type { RevocationTarget } from '../../../src/model/api/revocations.ts';
import type { CallFact } from '../../../src/model/call.ts';
import { local, principal, switchboard } from './switchboard.ts';
import { callFact, coach, collector, feedClosed, makeWorld, revision, scribe, tenant, verifyWorld } from './world.ts';

const subject = { call: newId('call'), tenant: asTenantId('acme'), processor: asProcessorId('scribe') };

test.each<[string, RevocationTarget, boolean]>([
  ['its call', { scope: 'call', call: subject.call }, true],
  ['another call', { scope: 'call', call: newId('call') }, false],
  ['its tenant', { scope: 'tenant', tenant: 'acme' }, true],
  ['its processor for all tenants', { scope: 'processor', processor: 'scribe' }, true],
  ['its processor for its tenant', { scope: 'processor', processor: 'scribe', tenant: 'acme' }, true],
  ['its processor for another tenant', { scope: 'processor', processor: 'scribe', tenant: 'beta' }, false],
  ['a processor called as its tenant', { scope: 'processor', processor: 'acme' }, false],
  ['a tenant called as its processor', { scope: 'tenant', tenant: 'scribe' }, false],
])('a subject and %s', (_what, target, isCovered) => {
  const silenced = new Silenced();

  silenced.add(target);

  expect(silenced.covers(subject)).toBe(isCovered);
  silenced.remove(target);
  expect(silenced.covers(subject)).toBe(false);
});

test('a latch closes when its subject is silenced, tells once, and stays closed after a lift', () => {
  const silenced = new Silenced();
  const told: string[] = [];
  const latch = silenced.latch(subject, () => told.push('silenced'));

  silenced.add({ scope: 'tenant', tenant: 'beta' });
  const before = latch.wasSilenced();
  silenced.add({ scope: 'tenant', tenant: 'acme' });
  silenced.add({ scope: 'processor', processor: 'scribe' });
  silenced.remove({ scope: 'tenant', tenant: 'acme' });
  silenced.remove({ scope: 'processor', processor: 'scribe' });

  expect(before).toBe(false);
  expect(latch.wasSilenced()).toBe(true);
  expect(told).toEqual(['silenced']);
});

test('a latch that was released is told nothing', () => {
  const silenced = new Silenced();
  const told: string[] = [];

  silenced.latch(subject, () => told.push('silenced')).release();
  silenced.add({ scope: 'tenant', tenant: 'acme' });

  expect(told).toEqual([]);
});

type Step =
  | { readonly kind: 'silence' | 'lift'; readonly target: number }
  | { readonly kind: 'begin' | 'end' | 'say'; readonly call: number }
  | { readonly kind: 'account' | 'ledger' | 'hold' | 'fail' | 'tick' };

const CALLS = 3;
const which = fc.nat({ max: 4 });
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constantFrom('silence', 'lift'), target: which }),
    fc.record({ kind: fc.constantFrom('begin', 'begin', 'say', 'end'), call: fc.nat({ max: CALLS - 1 }) }),
    fc.record({ kind: fc.constantFrom('account', 'ledger', 'hold', 'fail', 'tick', 'tick') }),
  ),
  { minLength: 5, maxLength: 40 },
);

test('whatever happens in whatever order, nothing silenced is ever heard or read, and the ledger verifies', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }), async (script, turns) => {
      const run = new Run();

      for (const [index, step] of script.entries()) {
        await run.take(step);
        run.assertSilence();
        for (let turn = turns[index % turns.length]!; turn > 0; turn -= 1) await Promise.resolve();
        run.assertSilence();
      }
      await run.finish();

      expect(run.breaches).toEqual([]);
      expect(await verifyWorld(run.world)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

/** One script played out, watched by a model of its own: the set of targets, as whoever turned the switch knows them. */
class Run {
  readonly world = makeWorld();
  readonly breaches: string[] = [];
  readonly #facts: readonly CallFact[] = Array.from({ length: CALLS }, () => callFact());
  readonly #targets: readonly RevocationTarget[] = [
    { scope: 'tenant', tenant: tenant.id },
    { scope: 'processor', processor: scribe.id },
    { scope: 'processor', processor: coach.id, tenant: tenant.id },
    { scope: 'processor', processor: collector.id },
    { scope: 'call', call: this.#facts[0]!.call },
  ];
  readonly #silent = new Map<RevocationTarget, string>();
  readonly #unsettled: LeaseId[] = [];
  readonly #pending: Promise<unknown>[] = [];
  readonly #deps: Deps;
  readonly #board: ReturnType<typeof switchboard>;
  readonly #ended = new Set<number>();
  readonly #spoken = new Map<string, number>();

  constructor() {
    const { deps } = this.world;
    this.#deps = {
      ...deps,
      audio: {
        ...deps.audio,
        openFeed: (feed) => {
          this.#expectAllowed('opened', this.#callOf(feed.window.stream), feed.processor.id);
          return deps.audio.openFeed(feed);
        },
        extendFeed: (extension) => {
          const found = deps.calls.findLease(extension.lease);
          if (found !== undefined) this.#expectAllowed('extended', found.call.call, found.feed.grant.processor.id);
          deps.audio.extendFeed(extension);
        },
        closeFeed: (closing) => {
          const isKnown = deps.audio.closeFeed(closing);
          if (isKnown) this.#unsettled.push(closing.lease);
          return isKnown;
        },
      },
      textProcessor: (processor, tenant) => ({
        infer: (turns, options) => {
          const call = turns.at(-1)?.text.split(' ')[0]?.toLowerCase() ?? '';
          this.#expectAllowed('sent', call, processor.id);
          return deps.textProcessor(processor, tenant).infer(turns, options);
        },
        close: () => Promise.resolve(),
      }),
    };
    this.#board = switchboard(this.world);
  }

  async take(step: Step): Promise<void> {
    const { clock } = this.world;
    switch (step.kind) {
      case 'silence':
        await this.#silence(this.#targets[step.target]!);
        return;
      case 'lift':
        await this.#lift(this.#targets[step.target]!);
        return;
      case 'begin':
        // An id is one call's, and never another's after it.
        if (this.#ended.has(step.call)) return;
        this.#pending.push(followCall(this.#deps, revision, this.#facts[step.call]!, { isResumed: false }));
        return;
      case 'end':
        this.#ended.add(step.call);
        this.#pending.push(endCall(this.#deps, this.#facts[step.call]!.call, 'bye'));
        return;
      case 'say':
        this.#say(this.#facts[step.call]!);
        return;
      case 'account':
        this.#account();
        return;
      case 'ledger':
        this.world.set({ ledgerHolds: false, ledgerFails: false });
        this.world.letLedger();
        return;
      case 'hold':
        this.world.set({ ledgerHolds: true });
        return;
      case 'fail':
        this.world.set({ ledgerFails: true });
        this.world.letLedger();
        return;
      case 'tick':
        clock.advance(1700);
        renewLeases(this.#deps);
        listenAgain(this.#deps);
        endTurnsByPause(this.#deps);
        return;
    }
  }

  assertSilence(): void {
    for (const lease of this.world.openFeeds) {
      const found = this.world.deps.calls.findLease(lease);
      if (found !== undefined) this.#expectAllowed('open', found.call.call, found.feed.grant.processor.id);
    }
  }

  async finish(): Promise<void> {
    await this.take({ kind: 'ledger' });
    for (const { call } of this.#facts) this.#pending.push(endCall(this.#deps, call, 'bye'));
    for (let second = 0; second < 40; second += 1) {
      for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
      this.#account();
      this.world.clock.advance(1000);
      this.world.letLedger();
    }
    await Promise.all(this.#pending);
  }

  async #silence(target: RevocationTarget): Promise<void> {
    const acting = silence(this.#deps, this.#board, local, { target, reason: 'test' });
    // What is not there to be silenced is refused, and a refusal promises nothing.
    const isActing = this.#board.list.findSame(target) !== undefined;
    if (isActing) this.#silent.set(target, this.#board.list.findSame(target)!.revocation);
    await acting.catch(() => undefined);
  }

  /** It may not come about before the ledger answers, so nobody waits for it here. */
  async #lift(target: RevocationTarget): Promise<void> {
    const revocation = this.#silent.get(target);
    if (revocation === undefined) return;
    this.#silent.delete(target);
    const lifting = lift(this.#deps, this.#board, principal('ops'), revocation).catch(() => undefined);
    this.#pending.push(lifting);
    await Promise.resolve();
  }

  #say(fact: CallFact): void {
    const [leg] = fact.legs;
    const startMs = this.#spoken.get(fact.call) ?? 0;
    this.#spoken.set(fact.call, startMs + 1000);
    governSegment(this.#deps, {
      segment: newId('segment'),
      call: fact.call,
      leg: leg!.leg,
      stream: leg!.stream!.stream,
      processor: scribe.id,
      final: true,
      text: `${fact.call} said something`,
      startMs,
      endMs: startMs + 500,
      words: [],
    });
  }

  #account(): void {
    for (const lease of this.#unsettled.splice(0)) {
      const found = this.world.deps.calls.findLease(lease);
      if (found === undefined) continue;
      const capturedThroughMs = found.feed.fromMs;
      feedClosed(this.world, lease, { reason: 'revoked', capturedThroughMs, bytes: 0 });
    }
  }

  #callOf(stream: string): string {
    return this.#facts.find(({ legs }) => legs[0]?.stream?.stream === stream)?.call ?? '';
  }

  #expectAllowed(what: string, call: string, processor: string): void {
    for (const target of this.#silent.keys()) {
      const isSilent =
        target.scope === 'tenant' ||
        (target.scope === 'call' && target.call === call) ||
        (target.scope === 'processor' && target.processor === processor);
      if (isSilent) this.breaches.push(`${what}: ${processor} though ${target.scope} is silenced`);
    }
  }
}
