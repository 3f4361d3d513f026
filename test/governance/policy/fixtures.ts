/** Bundles built from the Rego beside them, and inputs to ask them with. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GOLDEN_INPUTS } from '../../../src/governance/policy/golden-inputs.ts';
import type { PackedBundle } from '../../../src/governance/policy/bundle.ts';
import type { BundleFile } from '../../../src/governance/policy/shipped.ts';
import type { PolicyInput } from '../../../src/model/decision.ts';

/**
 * `wayward` does as it is told by a label, and `twin` is the same under another digest; `reaching` wants the time,
 * `silent` is undefined, `partial` answers one question of four, `brief` grants six seconds at a time.
 */
export type FixtureName = 'wayward' | 'twin' | 'reaching' | 'silent' | 'partial' | 'brief';

export const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));

export function fixtureBundle(name: FixtureName): BundleFile {
  const path = `${FIXTURES}${name}.tar.gz`;
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

/** The same as it is delivered. */
export function packedFixture(name: FixtureName): PackedBundle {
  const { path, sha256 } = fixtureBundle(name);
  return { bytes: readFileSync(path), sha256 };
}

/** An ordinary stream question whose call asks the wayward policy to behave so. */
export function streamInput(behave = 'well'): PolicyInput {
  const { stream } = GOLDEN_INPUTS;
  return { ...stream, call: { ...stream.call, labels: { behave } } };
}
