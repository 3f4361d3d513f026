/**
 * Policy, answered: each tenant's bundle and the platform's guardrail are asked side by side, and both must allow.
 * Nothing here rejects or waits past the deadline; without a valid bundle the answer is a deny that says so.
 */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Decision, Entrypoint, PolicyDigest, PolicyInput } from '../../model/decision.ts';
import { unheard } from './answer.ts';
import { BundleError, openBundle, readBundle, type Bundle, type BundleErrorCode, type PackedBundle } from './bundle.ts';
import { commitInput } from './commit-input.ts';
import { mergeAnswers } from './merge.ts';
import { PolicyPool, type AdmitFault, type Answered } from './policy-pool.ts';
import { startPolicyThread, type StartThread } from './policy-thread.ts';
import type { Policy } from './policy.ts';
import { shippedBundle, type ShippedName } from './shipped.ts';

export const DECISION_DEADLINE_MS = 20;

/** What became of a bundle that was to be used. A refused one denies everything it would have been asked. */
export type BundleOutcome =
  | { readonly kind: 'active'; readonly policy: PolicyDigest; readonly origin: 'default' | 'file' | 'guardrail' }
  | { readonly kind: 'refused'; readonly code: BundleErrorCode | AdmitFault | 'SUPERSEDED' | 'NOT_STORED' };

export interface PolicyHostOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The folder that holds `policies/bundles/`. */
  readonly packageRoot: string;
  readonly deadlineMs?: number;
  readonly startThread?: StartThread;
}

/** What a tenant is asked with: nothing yet, a bundle, or none because it was refused. */
export type Standing = { readonly kind: 'none' } | BundleOutcome;
type Origin = Extract<BundleOutcome, { kind: 'active' }>['origin'];

/** A tenant's policy: the shipped default, a bundle of its own, or one that is named and that nobody has delivered. */
export type PolicySource = 'default' | PackedBundle | 'not_stored';

export class PolicyHost implements Policy {
  readonly #options: PolicyHostOptions;
  readonly #pool: PolicyPool;
  readonly #tenants = new Map<TenantId, Standing>();
  /** The latest wish per tenant: what took longer to load than its successor is not used. */
  readonly #wishes = new Map<TenantId, symbol>();
  /** Read once: every tenant may have the default. */
  readonly #shipped = new Map<ShippedName, Promise<Bundle | BundleErrorCode>>();
  #guardrail: Standing = { kind: 'none' };

  constructor(options: PolicyHostOptions) {
    this.#options = options;
    this.#pool = new PolicyPool({
      clock: options.clock,
      log: options.log,
      metrics: options.metrics,
      startThread: options.startThread ?? startPolicyThread,
      deadlineMs: options.deadlineMs ?? DECISION_DEADLINE_MS,
    });
  }

  /** Starts the workers and loads the guardrail. Where that is refused, every decision is a deny until the next start. */
  async start(): Promise<BundleOutcome> {
    this.#pool.start();
    this.#guardrail = await this.#admit(await this.#readShipped('guardrail'), 'guardrail');
    return this.#guardrail;
  }

  /** Ends every worker; what is asked from now on is denied. */
  async stop(): Promise<void> {
    await this.#pool.stop();
  }

  /**
   * Gives a tenant its policy. The one before stays in force until this one is loaded; when this one is refused, the
   * tenant has none and is denied.
   */
  async setTenantBundle(tenant: TenantId, source: PolicySource): Promise<BundleOutcome> {
    const wish = Symbol('wish');
    this.#wishes.set(tenant, wish);
    const outcome = await this.#admitFrom(source);
    if (this.#wishes.get(tenant) !== wish) {
      this.#releaseOf(outcome);
      return { kind: 'refused', code: 'SUPERSEDED' };
    }
    const before = this.#tenants.get(tenant);
    this.#tenants.set(tenant, outcome);
    this.#releaseOf(before);
    return outcome;
  }

  /** What a tenant is asked with now. */
  standingOf(tenant: TenantId): Standing {
    return this.#tenants.get(tenant) ?? { kind: 'none' };
  }

  /** Forgets a tenant that is no longer configured. */
  removeTenant(tenant: TenantId): void {
    this.#wishes.delete(tenant);
    this.#releaseOf(this.#tenants.get(tenant));
    this.#tenants.delete(tenant);
  }

  async decide(tenant: TenantId, entrypoint: Entrypoint, input: PolicyInput): Promise<Decision> {
    const decision = await this.#decide(tenant, entrypoint, input).catch(() => broken(entrypoint));
    this.#options.metrics.counter('earshot_policy_decisions_total', { entrypoint, code: decision.code }).add();
    return decision;
  }

  async #decide(tenant: TenantId, entrypoint: Entrypoint, input: PolicyInput): Promise<Decision> {
    const policy = this.standingOf(tenant);
    const guardrail = this.#guardrail;
    const { bytes, commitment } = commitInput(input, this.#options.random);
    const [own, platform] = await Promise.all([
      this.#ask(tenant, policy, entrypoint, bytes),
      this.#ask(tenant, guardrail, entrypoint, bytes),
    ]);
    return {
      entrypoint,
      ...mergeAnswers(own.answer, platform.answer),
      ...(policy.kind === 'active' ? { policy: policy.policy } : {}),
      ...(guardrail.kind === 'active' ? { guardrail: guardrail.policy } : {}),
      inputCommitment: commitment,
      evaluationUs: own.tookUs + platform.tookUs,
    };
  }

  #ask(tenant: TenantId, standing: Standing, entrypoint: Entrypoint, input: Uint8Array | undefined): Promise<Answered> {
    if (standing.kind === 'none') return refuse('policy_unavailable');
    if (standing.kind === 'refused') return refuse('policy_invalid');
    if (input === undefined) return refuse('policy_error');
    return this.#pool.ask({ tenant, bundle: standing.policy.bundle, entrypoint, input });
  }

  async #admitFrom(source: PolicySource): Promise<BundleOutcome> {
    if (source === 'default') return this.#admit(await this.#readShipped('default'), 'default');
    if (source === 'not_stored') return this.#refused('file', 'NOT_STORED');
    return this.#admit(await attempt(openBundle(source)), 'file');
  }

  async #admit(bundle: Bundle | BundleErrorCode, origin: Origin): Promise<BundleOutcome> {
    if (typeof bundle === 'string') return this.#refused(origin, bundle);
    const fault = await this.#pool.admit(bundle, { isTrusted: origin !== 'file' });
    if (fault !== undefined) return this.#refused(origin, fault);
    return { kind: 'active', policy: bundle.digest, origin };
  }

  #refused(origin: Origin, code: BundleErrorCode | AdmitFault | 'NOT_STORED'): BundleOutcome {
    this.#options.log.warn({ origin, code }, 'a policy bundle was refused');
    return { kind: 'refused', code };
  }

  #releaseOf(standing: Standing | undefined): void {
    if (standing?.kind === 'active') this.#pool.release(standing.policy.bundle);
  }

  #readShipped(name: ShippedName): Promise<Bundle | BundleErrorCode> {
    const known = this.#shipped.get(name) ?? attempt(readBundle(shippedBundle(this.#options.packageRoot, name)));
    this.#shipped.set(name, known);
    return known;
  }
}

/** Whatever breaks in here is a deny like any other; there is no commitment to an input that was never read. */
function broken(entrypoint: Entrypoint): Decision {
  const verdict = { allow: false, code: 'policy_error', reasons: [], obligations: {} } as const;
  return { entrypoint, ...verdict, inputCommitment: '0'.repeat(64), evaluationUs: 0 };
}

async function attempt(reading: Promise<Bundle>): Promise<Bundle | BundleErrorCode> {
  try {
    return await reading;
  } catch (thrown) {
    return thrown instanceof BundleError ? thrown.code : 'UNREADABLE';
  }
}

function refuse(code: 'policy_unavailable' | 'policy_invalid' | 'policy_error'): Promise<Answered> {
  return Promise.resolve({ answer: unheard(code), tookUs: 0 });
}
