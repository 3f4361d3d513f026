/** The shipped policies asked in this thread, so that entries made for a benchmark rest on decisions as they really are. */

import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { packageRoot } from '../../../src/base/package-root.ts';
import { readBundle, type Bundle } from '../../../src/governance/policy/bundle.ts';
import { commitInput } from '../../../src/governance/policy/commit-input.ts';
import { mergeAnswers } from '../../../src/governance/policy/merge.ts';
import type { Policy } from '../../../src/governance/policy/policy.ts';
import { shippedBundle, type ShippedName } from '../../../src/governance/policy/shipped.ts';
import { Evaluator } from '../../../src/governance/policy/worker/evaluator.ts';

/** The default bundle and the guardrail. A question they deny is a mistake of the benchmark, and throws. */
export async function loadShippedPolicy(): Promise<Policy> {
  const evaluator = new Evaluator(systemClock);
  const policy = await loadInto(evaluator, 'default');
  const guardrail = await loadInto(evaluator, 'guardrail');
  return {
    decide(_tenant, entrypoint, input) {
      const { bytes, commitment } = commitInput(input, systemRandom);
      if (bytes === undefined) throw new Error('not an input');
      const ask = (bundle: ShippedName) => evaluator.evaluate({ bundle, entrypoint, input: bytes });
      const verdict = mergeAnswers(ask('default'), ask('guardrail'));
      if (!verdict.allow) throw new Error(`the shipped policy denies ${entrypoint}: ${verdict.code}`);
      return Promise.resolve({
        entrypoint,
        ...verdict,
        policy: policy.digest,
        guardrail: guardrail.digest,
        inputCommitment: commitment,
        evaluationUs: 0,
      });
    },
  };
}

async function loadInto(evaluator: Evaluator, name: ShippedName): Promise<Bundle> {
  const bundle = await readBundle(shippedBundle(packageRoot, name));
  const { wasm, data } = bundle;
  const refusal = evaluator.load({ bundle: name, wasm, data });
  if (refusal !== undefined) throw new Error(`the shipped bundle ${name} is refused: ${refusal}`);
  return bundle;
}
