/**
 * From Rego to bundles: what `npm run policies` does, step by step. It never runs in a node that carries calls.
 * `opa` itself writes tar and gzip with fixed times and order, so one version of it gives the same file every time.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import { ENTRYPOINT_PATH } from '../../model/decision.ts';
import { restrictCapabilities } from './capabilities.ts';
import { describeInputs } from './input-schema.ts';
import { runOpa } from './run-opa.ts';
import type { ShippedName } from './shipped.ts';

/** The Rego folder of each shipped bundle, relative to the package root; OPA records these paths in the bundle. */
const FOLDERS: Readonly<Record<ShippedName, string>> = { default: 'policies/earshot', guardrail: 'policies/guardrail' };
const NAMES = ['default', 'guardrail'] as const satisfies readonly ShippedName[];
const CAPABILITIES = 'policies/capabilities.json';
const SCHEMAS = 'docs/policy';
const ENTRYPOINTS = Object.values(ENTRYPOINT_PATH).flatMap((path) => ['-e', path]);

/** The `opa` to run and the package root to run it in. */
export interface Workshop {
  readonly opa: string;
  readonly root: string;
}

export type Digests = Readonly<Record<ShippedName, string>>;

/** Everything in order: contracts, format, check, tests, bundles, and their digests into the source. */
export async function buildPolicies(workshop: Workshop): Promise<Digests> {
  for (const [path, text] of await describeContracts(workshop)) await writeFile(join(workshop.root, path), text);
  await formatCheck(workshop);
  await checkPolicies(workshop);
  await testPolicies(workshop);
  const digests = await buildBundles({ ...workshop, out: join(workshop.root, 'policies', 'bundles') });
  await pinShipped(workshop.root, digests);
  return digests;
}

/** The files authors build against, by path under the root: input schemas and capabilities. */
export async function describeContracts({ opa, root }: Workshop): Promise<ReadonlyMap<string, string>> {
  const capabilities = await runOpa(opa, root, ['capabilities', '--current']);
  const schemas = [...describeInputs()].map(([name, text]) => [`${SCHEMAS}/${name}`, text] as const);
  return new Map([[CAPABILITIES, restrictCapabilities(capabilities)], ...schemas]);
}

/** Throws unless every Rego file is formatted as `opa fmt` would. */
export async function formatCheck({ opa, root }: Workshop): Promise<void> {
  await runOpa(opa, root, ['fmt', '--fail', '--list', 'policies']);
}

/** Throws unless every bundle compiles strictly, against the input schemas and within the capabilities. */
export async function checkPolicies({ opa, root }: Workshop): Promise<void> {
  for (const name of NAMES) {
    await runOpa(opa, root, ['check', '--strict', '--schema', SCHEMAS, '--capabilities', CAPABILITIES, FOLDERS[name]]);
  }
}

/** Throws unless every Rego test passes; returns how many there were. */
export async function testPolicies({ opa, root }: Workshop): Promise<number> {
  let passed = 0;
  for (const name of NAMES) {
    const printed = await runOpa(opa, root, ['test', '--timeout', '60s', '--format', 'json', FOLDERS[name]]);
    const results: unknown = JSON.parse(printed);
    assert(Array.isArray(results), 'opa test prints a list');
    passed += results.length;
  }
  return passed;
}

/** Builds both bundles into `out` and returns the SHA-256 (hex) of each file. */
export async function buildBundles({ opa, root, out }: Workshop & { readonly out: string }): Promise<Digests> {
  await mkdir(out, { recursive: true });
  const digests = { default: '', guardrail: '' };
  for (const name of NAMES) {
    const file = join(out, `${name}.tar.gz`);
    await runOpa(opa, root, [
      ...['build', '--target', 'wasm', '--capabilities', CAPABILITIES, '--ignore', '*_test.rego'],
      ...ENTRYPOINTS,
      ...['--output', file, FOLDERS[name]],
    ]);
    digests[name] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  }
  return digests;
}

/** Writes the digests into `shipped.ts`, where the next build takes them from. */
async function pinShipped(root: string, digests: Digests): Promise<void> {
  const path = join(root, 'src', 'governance', 'policy', 'shipped.ts');
  let source = await readFile(path, 'utf8');
  for (const name of NAMES) source = source.replace(new RegExp(`(${name}: ')[0-9a-f]{64}'`), `$1${digests[name]}'`);
  await writeFile(path, source);
}
