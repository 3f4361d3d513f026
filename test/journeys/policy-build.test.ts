/** What is checked in as built is what the Rego builds to, with the real compiler. Skipped by name where it is absent. */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import {
  buildBundles,
  checkPolicies,
  describeContracts,
  formatCheck,
  testPolicies,
} from '../../src/governance/policy/build-bundles.ts';
import { OPA_VERSION, runOpa } from '../../src/governance/policy/run-opa.ts';
import { shippedBundle } from '../../src/governance/policy/shipped.ts';
import { ENTRYPOINT_PATH } from '../../src/model/decision.ts';
import { FIXTURES, fixtureBundle, type FixtureName } from '../governance/policy/fixtures.ts';
import { requirePeer } from '../peers/require-peer.ts';

const found = findOpa();
const workshop = { opa: found ?? 'opa', root: packageRoot };

let out = '';

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'earshot-policies-'));
});

afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

function findOpa(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'opa'));
  const places = [process.env['EARSHOT_OPA'], ...onPath, join(packageRoot, '.tools', 'opa')];
  return places.find((place) => place !== undefined && place !== '' && existsSync(place)) ?? requirePeer('opa');
}

const ALL = Object.values(ENTRYPOINT_PATH);

/** Where each fixture comes from, and with which answers. */
const SOURCES: Readonly<Record<FixtureName, { folder: string; entrypoints: readonly string[]; revision: string }>> = {
  wayward: { folder: 'wayward', entrypoints: ALL, revision: '' },
  twin: { folder: 'wayward', entrypoints: ALL, revision: 'twin' },
  reaching: { folder: 'reaching', entrypoints: ALL, revision: '' },
  silent: { folder: 'silent', entrypoints: ALL, revision: '' },
  partial: { folder: 'partial', entrypoints: [ENTRYPOINT_PATH.stream], revision: '' },
  brief: { folder: 'brief', entrypoints: ALL, revision: '' },
};

describe.skipIf(found === undefined)('policies built by opa', () => {
  test('the compiler is the version that built what is checked in', async () => {
    expect(await runOpa(workshop.opa, packageRoot, ['version'])).toContain(`Version: ${OPA_VERSION}\n`);
  });

  test('every Rego file is formatted and compiles strictly against the schemas and capabilities', async () => {
    await formatCheck(workshop);
    await checkPolicies(workshop);
  });

  test('every Rego test passes, and there are enough of them to mean something', async () => {
    expect(await testPolicies(workshop)).toBeGreaterThanOrEqual(20);
  });

  test('schemas and capabilities are the ones checked in', async () => {
    for (const [path, text] of await describeContracts(workshop)) {
      expect(await readFile(join(packageRoot, path), 'utf8'), path).toBe(text);
    }
  });

  test('the bundles checked in are what the Rego builds to, and what the source trusts', async () => {
    const digests = await buildBundles({ ...workshop, out });

    for (const name of ['default', 'guardrail'] as const) {
      const shipped = shippedBundle(packageRoot, name);
      expect(digests[name]).toBe(shipped.sha256);
      expect((await readFile(join(out, `${name}.tar.gz`))).equals(await readFile(shipped.path))).toBe(true);
    }
  });

  test('building twice gives the same bytes', async () => {
    const first = await buildBundles({ ...workshop, out: join(out, 'first') });
    const second = await buildBundles({ ...workshop, out: join(out, 'second') });

    expect(second).toEqual(first);
  });

  test('a policy that reaches outside does not compile within the capabilities', async () => {
    const folder = relative(packageRoot, join(FIXTURES, 'reaching'));

    await expect(
      runOpa(workshop.opa, packageRoot, ['check', '--capabilities', 'policies/capabilities.json', folder]),
    ).rejects.toThrow('time.now_ns');
  });

  test.each(Object.entries(SOURCES))('the fixture %s is what its Rego builds to', async (name, source) => {
    const file = join(out, `${name}.tar.gz`);

    await runOpa(workshop.opa, packageRoot, [
      ...['build', '--target', 'wasm', '--revision', source.revision],
      ...source.entrypoints.flatMap((path) => ['-e', path]),
      ...['--output', file, relative(packageRoot, join(FIXTURES, source.folder))],
    ]);

    const checkedIn = fixtureBundle(name as FixtureName);
    expect((await readFile(file)).equals(await readFile(checkedIn.path))).toBe(true);
  });
});
