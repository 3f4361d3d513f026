/**
 * A policy and the platform's guardrail in the same workers that judge calls, for as long as an author asks them
 * something. It decides nothing for any call.
 */

import { CodedError } from '../../base/error.ts';
import type { Clock } from '../../base/clock.ts';
import { asTenantId } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { Metrics } from '../../base/metrics.ts';
import type { Entrypoint, PolicyDigest } from '../../model/decision.ts';
import type { Answer } from '../../governance/policy/answer.ts';
import { BundleError, readBundle, type Bundle } from '../../governance/policy/bundle.ts';
import { mergeAnswers, type Verdict } from '../../governance/policy/merge.ts';
import { PolicyPool } from '../../governance/policy/policy-pool.ts';
import { startPolicyThread, type StartThread } from '../../governance/policy/policy-thread.ts';
import type { Candidate } from './candidates.ts';
import { explainRefusal, type RefusalCode } from './explain-refusal.ts';

export class PolicyRefused extends CodedError<RefusalCode> {}

export interface Asked {
  readonly name: string;
  readonly policy: PolicyDigest;
  readonly answer: Answer;
  readonly tookUs: number;
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** The policy's own answer, then the guardrail's. */
  readonly asked: readonly [Asked, Asked];
}

/** Questions wait in turn by tenant; here there is one. */
const AUTHOR = asTenantId('author');
/** Far more than the 20 ms a call allows, so that what is slow is seen to be slow rather than cut off. */
const PATIENCE_MS = 2000;

export class Workbench {
  readonly #pool: PolicyPool;

  constructor(options: { readonly clock: Clock; readonly startThread?: StartThread }) {
    this.#pool = new PolicyPool({
      clock: options.clock,
      log: silentLog,
      metrics: new Metrics(),
      startThread: options.startThread ?? startPolicyThread,
      deadlineMs: PATIENCE_MS,
    });
    this.#pool.start();
  }

  async close(): Promise<void> {
    await this.#pool.stop();
  }

  /** Loads a bundle as a node would before it is used. Throws `PolicyRefused` with what a node would say, explained. */
  async admit(candidate: Candidate): Promise<Bundle> {
    const bundle = await read(candidate);
    const fault = await this.#pool.admit(bundle, { isTrusted: candidate.isShipped });
    if (fault !== undefined) throw refused(candidate, fault);
    return bundle;
  }

  /** Asks both what a call would ask. `input` is canonical JSON. */
  async evaluate(question: {
    readonly policy: Candidate;
    readonly guardrail: Candidate;
    readonly entrypoint: Entrypoint;
    readonly input: Uint8Array;
  }): Promise<Evaluation> {
    const own = await this.#ask(question.policy, question);
    const platform = await this.#ask(question.guardrail, question);
    return { verdict: mergeAnswers(own.answer, platform.answer), asked: [own, platform] };
  }

  async #ask(
    candidate: Candidate,
    { entrypoint, input }: { readonly entrypoint: Entrypoint; readonly input: Uint8Array },
  ): Promise<Asked> {
    const { digest } = await this.admit(candidate);
    const { answer, tookUs } = await this.#pool.ask({ tenant: AUTHOR, bundle: digest.bundle, entrypoint, input });
    return { name: candidate.name, policy: digest, answer, tookUs };
  }
}

async function read(candidate: Candidate): Promise<Bundle> {
  try {
    return await readBundle(candidate);
  } catch (thrown) {
    if (thrown instanceof BundleError) throw refused(candidate, thrown.code);
    throw thrown;
  }
}

function refused({ name }: Candidate, code: RefusalCode): PolicyRefused {
  return new PolicyRefused(code, `${name}: ${explainRefusal(code)} (${code})`);
}
