/** `npm run policies`: checks, tests and builds the shipped bundles with a real `opa`, which it finds or installs. */

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import { childEnvironment } from '../config/environment.ts';
import { buildPolicies, checkPolicies, formatCheck, testPolicies } from '../governance/policy/build-bundles.ts';
import { OPA_VERSION } from '../governance/policy/run-opa.ts';
import { findOpa, OpaMissingError } from './policy/find-opa.ts';

const OPA_MODULE = 'github.com/open-policy-agent/opa';
const INSTALL_LIMIT_MS = 15 * 60_000;

export async function policies(options: { readonly check?: boolean }): Promise<void> {
  const workshop = { opa: findOpa() ?? installOpa(), root: packageRoot };
  if (options.check === true) {
    await formatCheck(workshop);
    await checkPolicies(workshop);
    process.stdout.write(`${await testPolicies(workshop)} policy tests passed\n`);
    return;
  }
  const digests = await buildPolicies(workshop);
  for (const [name, digest] of Object.entries(digests)) process.stdout.write(`${name} ${digest}\n`);
}

/** Builds the pinned version where Go is installed. */
function installOpa(): string {
  const folder = join(packageRoot, '.tools');
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`earshot: installing opa v${OPA_VERSION} with Go\n`);
  const done = spawnSync('go', ['install', `${OPA_MODULE}@v${OPA_VERSION}`], {
    env: childEnvironment({ GOBIN: folder }),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_LIMIT_MS,
  });
  if (done.status === 0) return join(folder, 'opa');
  throw new OpaMissingError(
    'NO_OPA',
    `opa v${OPA_VERSION} is needed: set EARSHOT_OPA, put it on the PATH, or install Go`,
  );
}
