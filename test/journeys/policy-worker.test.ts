/** Policies in real worker threads, from the build: deadlines, a policy that does not end, and its neighbours. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { asTenantId, systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { Metrics } from '../../src/base/metrics.ts';
import { builtFile, packageRoot } from '../../src/base/package-root.ts';
import type * as PolicyHostModule from '../../src/governance/policy/policy-host.ts';
import { shippedBundle } from '../../src/governance/policy/shipped.ts';
import type { Decision } from '../../src/model/decision.ts';
import { packedFixture, streamInput } from '../governance/policy/fixtures.ts';

const WAYWARD = asTenantId('wayward');
const NEIGHBOUR = asTenantId('neighbour');
const ORDINARY = asTenantId('ordinary');

/** What an ordinary question may come to on a machine that is busy: an answer, or a deny that says it was too late. */
const HONEST: readonly string[] = ['allowed', 'policy_deadline', 'policy_unavailable'];

const metrics = new Metrics();
let host: PolicyHostModule.PolicyHost;

beforeAll(async () => {
  const { PolicyHost } = (await import(builtFile('governance/policy/policy-host'))) as typeof PolicyHostModule;
  host = new PolicyHost({ clock: systemClock, random: systemRandom, log: silentLog, metrics, packageRoot });
  const guardrail = await host.start();
  expect(guardrail.kind).toBe('active');
});

afterAll(async () => {
  await host.stop();
});

function decide(tenant: typeof WAYWARD, behave = 'well'): Promise<Decision> {
  return host.decide(tenant, 'stream', streamInput(behave));
}

/** The code of a decision by a machine that may be busy: one late answer in a row of questions proves nothing. */
async function eventually(tenant: typeof WAYWARD, code: string, behave = 'well'): Promise<Decision> {
  for (let attempt = 0; ; attempt += 1) {
    const decision = await decide(tenant, behave);
    if (decision.code === code || attempt === 200) return decision;
    await pause(10);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function lost(): number {
  const samples = metrics.snapshot().filter((sample) => sample.name === 'earshot_policy_worker_lost_total');
  return samples.reduce((sum, sample) => sum + sample.value, 0);
}

describe('policies in worker threads', () => {
  test('the shipped default decides, with both digests and a commitment', async () => {
    const outcome = await host.setTenantBundle(ORDINARY, 'default');
    const decision = await eventually(ORDINARY, 'allowed');

    expect(outcome).toMatchObject({ kind: 'active', origin: 'default' });
    expect(decision).toMatchObject({ allow: true, code: 'allowed', obligations: { max_window_ms: 30_000 } });
    expect(decision.policy).toEqual({
      bundle: shippedBundle(packageRoot, 'default').sha256,
      data: createHash('sha256').update('{}\n').digest('hex'),
    });
    expect(decision.evaluationUs).toBeGreaterThan(0);
  });

  test('a bundle that wants the time, or says nothing, is refused by the worker', async () => {
    expect(await host.setTenantBundle(NEIGHBOUR, packedFixture('reaching'))).toEqual({
      kind: 'refused',
      code: 'BUILTIN_FORBIDDEN',
    });
    expect(await host.setTenantBundle(NEIGHBOUR, packedFixture('silent'))).toEqual({
      kind: 'refused',
      code: 'GOLDEN_INPUT_FAILED',
    });
    expect(await decide(NEIGHBOUR)).toMatchObject({ allow: false, code: 'policy_invalid' });
  });

  test('each way a policy can fail has a code of its own', async () => {
    await host.setTenantBundle(WAYWARD, packedFixture('wayward'));

    for (const [behave, code] of [
      ['well', 'allowed'],
      ['deny', 'policy_denied'],
      ['nothing', 'policy_undefined'],
      ['malformed', 'policy_malformed'],
      ['obligation', 'policy_obligation_unknown'],
      ['throw', 'policy_error'],
    ] as const) {
      expect((await eventually(WAYWARD, code, behave)).code).toBe(code);
    }
    expect(lost()).toBe(0);
  });

  test('a policy that does not end is denied by the deadline, ended thrice, then quarantined; others go on', async () => {
    await host.setTenantBundle(NEIGHBOUR, packedFixture('twin'));
    await eventually(NEIGHBOUR, 'allowed');
    const neighbours: string[] = [];
    const latestUs = systemClock.monoUs() + 30_000_000;

    while (lost() < 3 && systemClock.monoUs() < latestUs) {
      const startedUs = systemClock.monoUs();
      const decision = await decide(WAYWARD, 'loop');
      expect(decision.allow).toBe(false);
      expect(systemClock.monoUs() - startedUs).toBeLessThan(500_000);
      neighbours.push((await decide(NEIGHBOUR)).code, (await decide(ORDINARY)).code);
    }

    expect(lost()).toBe(3);
    expect(await decide(WAYWARD)).toMatchObject({ allow: false, code: 'policy_quarantined' });
    expect(await host.setTenantBundle(WAYWARD, packedFixture('wayward'))).toEqual({
      kind: 'refused',
      code: 'LOAD_QUARANTINED',
    });
    expect(neighbours.filter((code) => !HONEST.includes(code))).toEqual([]);
    expect(neighbours.filter((code) => code === 'allowed').length).toBeGreaterThan(neighbours.length / 2);
    expect(await eventually(NEIGHBOUR, 'allowed')).toMatchObject({ allow: true });
    expect(await eventually(ORDINARY, 'allowed')).toMatchObject({ allow: true });
  });

  test('a burst of questions is answered one by one, each by its deadline', async () => {
    const startedUs = systemClock.monoUs();

    const decisions = await Promise.all(Array.from({ length: 200 }, () => decide(ORDINARY)));

    const tookMs = (systemClock.monoUs() - startedUs) / 1000;
    expect(new Set(decisions.map((decision) => decision.inputCommitment)).size).toBe(200);
    expect(decisions.every((decision) => HONEST.includes(decision.code))).toBe(true);
    expect(decisions.some((decision) => decision.allow)).toBe(true);
    expect(tookMs).toBeLessThan(1_000);
  });
});
