import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { packageRoot } from '../../../src/base/package-root.ts';
import { PolicyHost } from '../../../src/governance/policy/policy-host.ts';
import { shippedBundle } from '../../../src/governance/policy/shipped.ts';
import type { Decision, PolicyInput } from '../../../src/model/decision.ts';
import { fixtureBundle, packedFixture, streamInput } from './fixtures.ts';
import { scriptedThreads, settled, type ScriptedThread } from './scripted-thread.ts';

const ACME = asTenantId('acme');
const OTHER = asTenantId('other');
/** Places of the pool's workers, in the order in which they are started. */
const TENANT_WORKERS = [1, 2] as const;
const PROBATION_WORKER = 3;

let clock: ManualClock;
let metrics: Metrics;
let threads: ScriptedThread[];
let host: PolicyHost;

beforeEach(async () => {
  clock = new ManualClock();
  metrics = new Metrics();
  const scripted = scriptedThreads();
  threads = scripted.threads;
  host = new PolicyHost({
    clock,
    metrics,
    packageRoot,
    log: silentLog,
    random: (sizeBytes) => new Uint8Array(sizeBytes),
    startThread: scripted.startThread,
  });
  await host.start();
});

afterEach(async () => {
  await host.stop();
});

function decide(tenant = ACME, behave = 'well'): Promise<Decision> {
  return host.decide(tenant, 'stream', streamInput(behave));
}

/** Lets a looping question pass its deadline, and its worker spend its own time. */
async function letItSpend(): Promise<void> {
  await settled();
  clock.advance(21);
  for (const thread of threads) thread.cpu = (thread.cpu ?? 0) + 1_000_000;
  clock.advance(40);
  await settled();
  await settled();
}

describe('a policy host', () => {
  test('both bundles are asked, and both digests are recorded', async () => {
    const outcome = await host.setTenantBundle(ACME, 'default');

    const decision = await decide();

    expect(outcome).toMatchObject({ kind: 'active', origin: 'default' });
    expect(decision).toMatchObject({
      entrypoint: 'stream',
      allow: true,
      code: 'allowed',
      policy: { bundle: shippedBundle(packageRoot, 'default').sha256 },
      guardrail: { bundle: shippedBundle(packageRoot, 'guardrail').sha256 },
      evaluationUs: 10,
    });
    expect(decision.inputCommitment).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a denial of the policy is told from a policy that was not heard', async () => {
    await host.setTenantBundle(ACME, 'default');

    const denied = await decide(ACME, 'deny');
    const late = decide(ACME, 'loop');
    clock.advance(21);

    expect(denied).toMatchObject({ allow: false, code: 'policy_denied', obligations: {} });
    expect(denied.reasons).not.toEqual([]);
    expect(await late).toMatchObject({ allow: false, code: 'policy_deadline', reasons: [], obligations: {} });
  });

  test('a tenant without a bundle is denied as unavailable', async () => {
    const decision = await decide(asTenantId('stranger'));

    expect(decision).toMatchObject({ allow: false, code: 'policy_unavailable' });
    expect(decision.policy).toBeUndefined();
  });

  test('a tenant whose bundle was refused is denied as invalid, and the one before is not used instead', async () => {
    await host.setTenantBundle(ACME, 'default');

    const outcome = await host.setTenantBundle(ACME, { ...packedFixture('wayward'), sha256: '0'.repeat(64) });

    expect(outcome).toEqual({ kind: 'refused', code: 'DIGEST_MISMATCH' });
    const decision = await decide();
    expect(decision).toMatchObject({ allow: false, code: 'policy_invalid' });
    expect(decision.policy).toBeUndefined();
  });

  test('a bundle that is named and that nobody delivered is refused as that', async () => {
    await host.setTenantBundle(ACME, 'default');

    const outcome = await host.setTenantBundle(ACME, 'not_stored');

    expect(outcome).toEqual({ kind: 'refused', code: 'NOT_STORED' });
    expect(host.standingOf(ACME)).toEqual(outcome);
    expect(await decide()).toMatchObject({ allow: false, code: 'policy_invalid' });
  });

  test('it says what a tenant is asked with', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));

    expect(host.standingOf(ACME)).toMatchObject({
      kind: 'active',
      origin: 'file',
      policy: { bundle: packedFixture('wayward').sha256 },
    });
    expect(host.standingOf(OTHER)).toEqual({ kind: 'none' });
  });

  test('one tenant’s invalid bundle is nothing to another', async () => {
    await host.setTenantBundle(OTHER, 'default');
    await host.setTenantBundle(ACME, { ...packedFixture('wayward'), sha256: '0'.repeat(64) });

    expect(await decide(OTHER)).toMatchObject({ allow: true });
  });

  test('the bundle before stays in force while the next one is loaded', async () => {
    await host.setTenantBundle(ACME, 'default');

    const change = host.setTenantBundle(ACME, packedFixture('wayward'));
    const meanwhile = await decide();
    await change;

    expect(meanwhile.policy?.bundle).toBe(shippedBundle(packageRoot, 'default').sha256);
    expect((await decide()).policy?.bundle).toBe(fixtureBundle('wayward').sha256);
  });

  test('of two wishes for one tenant the later counts', async () => {
    const [first, second] = await Promise.all([
      host.setTenantBundle(ACME, packedFixture('wayward')),
      host.setTenantBundle(ACME, 'default'),
    ]);

    expect(first).toEqual({ kind: 'refused', code: 'SUPERSEDED' });
    expect(second.kind).toBe('active');
    expect((await decide()).policy?.bundle).toBe(shippedBundle(packageRoot, 'default').sha256);
  });

  test('a tenant’s own bundle never runs where the shipped ones do', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    await decide();

    const wayward = fixtureBundle('wayward').sha256;
    const trusted = threads[0]!.posted.filter((message) => message.bundle === wayward);
    expect(trusted).toEqual([]);
    expect(TENANT_WORKERS.every((at) => threads[at]!.posted.some((message) => message.kind === 'load'))).toBe(true);
  });

  test('a bundle proves itself on probation before it is given to a worker that serves', async () => {
    const change = host.setTenantBundle(ACME, packedFixture('wayward'));
    const order: number[] = [];
    for (const [at, thread] of threads.entries()) {
      const post = thread.post.bind(thread);
      thread.post = (message) => {
        if (message.kind === 'load') order.push(at);
        post(message);
      };
    }
    await change;

    expect(order).toEqual([PROBATION_WORKER, ...TENANT_WORKERS]);
  });

  test('a bundle nobody uses any more leaves every worker', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    await host.setTenantBundle(OTHER, packedFixture('wayward'));

    host.removeTenant(ACME);
    const stillUsed = await decide(OTHER);
    host.removeTenant(OTHER);

    expect(stillUsed.allow).toBe(true);
    for (const at of TENANT_WORKERS) expect(threads[at]!.posted.at(-1)).toMatchObject({ kind: 'unload' });
    expect(await decide(OTHER)).toMatchObject({ code: 'policy_unavailable' });
  });

  test('a policy that does not end takes one worker at most, and others are answered meanwhile', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    await host.setTenantBundle(OTHER, packedFixture('silent'));

    const looping = [decide(ACME, 'loop'), decide(ACME, 'loop'), decide(ACME, 'loop')];
    const other = await decide(OTHER);

    clock.advance(21);

    expect(other).toMatchObject({ allow: true });
    for (const one of looping) expect(await one).toMatchObject({ code: 'policy_deadline' });
    const taken = TENANT_WORKERS.filter((at) =>
      threads[at]!.posted.some(({ kind, bundle }) => kind === 'evaluate' && bundle === fixtureBundle('wayward').sha256),
    );
    expect(taken).toHaveLength(1);
  });

  test('after one strike a bundle runs only on probation, and it may behave there', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    void decide(ACME, 'loop');
    await letItSpend();
    const started = threads.length;

    const decision = await decide();

    expect(decision).toMatchObject({ allow: true });
    expect(threads[PROBATION_WORKER]!.posted.at(-1)).toMatchObject({ kind: 'evaluate' });
    expect(threads).toHaveLength(started);
  });

  test('after three strikes it is quarantined, and nobody else is', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    await host.setTenantBundle(OTHER, 'default');
    for (let strike = 0; strike < 3; strike += 1) {
      void decide(ACME, 'loop');
      await letItSpend();
    }

    expect(await decide()).toMatchObject({ allow: false, code: 'policy_quarantined' });
    expect(await decide(OTHER)).toMatchObject({ allow: true });
    expect(await host.setTenantBundle(ACME, packedFixture('wayward'))).toEqual({
      kind: 'refused',
      code: 'LOAD_QUARANTINED',
    });
  });

  test('a tenant in quarantine gets well with another bundle', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    for (let strike = 0; strike < 3; strike += 1) {
      void decide(ACME, 'loop');
      await letItSpend();
    }

    await host.setTenantBundle(ACME, 'default');

    expect(await decide()).toMatchObject({ allow: true });
  });

  test('late on the wall clock alone is a deny, and no strike', async () => {
    await host.setTenantBundle(ACME, packedFixture('wayward'));
    const late = decide(ACME, 'loop');
    clock.advance(2_000);
    await settled();

    expect(await late).toMatchObject({ code: 'policy_deadline' });
    expect(threads.every((thread) => !thread.isTerminated)).toBe(true);
  });

  test('a worker that is replaced is given its bundles again before it is asked', async () => {
    await host.setTenantBundle(ACME, 'default');
    threads[0]!.die();
    const decision = decide();
    await settled();

    expect(await decision).toMatchObject({ allow: true });
    expect(threads.at(-1)!.posted.map((message) => message.kind)).toEqual(['load', 'load', 'evaluate', 'evaluate']);
  });

  test('questions beyond the queue are denied at once', async () => {
    await host.setTenantBundle(ACME, 'default');
    void decide(ACME, 'loop');
    const many = Array.from({ length: 400 }, () => decide());
    const last = await many.at(-1);
    clock.advance(21);

    expect(last).toMatchObject({ code: 'policy_unavailable' });
    expect(await many[0]).toMatchObject({ code: 'policy_deadline' });
  });

  test("one tenant's flood of questions leaves the next turn to the others, under the same bundle", async () => {
    await host.setTenantBundle(ACME, 'default');
    await host.setTenantBundle(OTHER, 'default');

    const flood = Array.from({ length: 200 }, () => decide());
    const quiet = decide(OTHER);
    const first = await Promise.race([Promise.all(flood).then(() => 'flood'), quiet.then(() => 'quiet')]);

    expect(first).toBe('quiet');
    expect(await quiet).toMatchObject({ allow: true });
    const codes = new Set((await Promise.all(flood)).map(({ code }) => code));
    expect(codes).toEqual(new Set(['allowed', 'policy_unavailable']));
  });

  test('an input that is no object, or too large, is denied without being asked', async () => {
    await host.setTenantBundle(ACME, 'default');
    const asked = threads[0]!.posted.length;

    const decisions = await Promise.all([
      host.decide(ACME, 'stream', null as unknown as PolicyInput),
      host.decide(ACME, 'stream', streamInput('x'.repeat(100_000))),
    ]);

    for (const decision of decisions) expect(decision).toMatchObject({ allow: false, code: 'policy_error' });
    expect(threads[0]!.posted).toHaveLength(asked);
  });

  test('randomness that fails is a deny, not a rejection', async () => {
    const { startThread } = scriptedThreads();
    const random = (): Uint8Array => {
      throw new Error('no entropy');
    };
    const broken = new PolicyHost({ clock, metrics, packageRoot, log: silentLog, random, startThread });

    expect(await broken.decide(ACME, 'stream', streamInput())).toMatchObject({ allow: false, code: 'policy_error' });
  });

  test('without a guardrail nothing is allowed', async () => {
    const { startThread } = scriptedThreads();
    const options = { clock, metrics, log: silentLog, random: (size: number) => new Uint8Array(size), startThread };
    const bare = new PolicyHost({ ...options, packageRoot: '/nowhere' });

    expect(await bare.start()).toEqual({ kind: 'refused', code: 'UNREADABLE' });
    await bare.setTenantBundle(ACME, packedFixture('wayward'));
    expect(await bare.decide(ACME, 'stream', streamInput())).toMatchObject({ allow: false, code: 'policy_invalid' });
    await bare.stop();
  });

  test('once stopped it denies, and its workers are gone', async () => {
    await host.setTenantBundle(ACME, 'default');

    await host.stop();

    expect(await decide()).toMatchObject({ allow: false, code: 'policy_unavailable' });
    expect(threads.every((thread) => thread.isTerminated)).toBe(true);
  });

  test('decisions are counted by question and code', async () => {
    await host.setTenantBundle(ACME, 'default');
    await decide();
    await decide(ACME, 'deny');

    const counted = metrics.snapshot().filter((sample) => sample.name === 'earshot_policy_decisions_total');
    expect(counted.map(({ labels, value }) => [labels['entrypoint'], labels['code'], value])).toEqual([
      ['stream', 'allowed', 1],
      ['stream', 'policy_denied', 1],
    ]);
  });
});
