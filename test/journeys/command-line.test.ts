/** The commands that need no node, run as a person runs them: what the policy page shows, completions, wrong usage. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import { findOpa } from '../../src/cli/policy/find-opa.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { runCli } from './support/cli.ts';

const opa = findOpa() ?? requirePeer('opa');

let folder: string;
let input: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-author-'));
  input = join(folder, 'outbound.yaml');
  cpSync(join(packageRoot, 'policies', 'earshot'), join(folder, 'my-policy'), { recursive: true });
  for (const [path, text] of filesOfThePage()) writeFileSync(join(folder, path), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The blocks of docs/policy.md that name a file. */
function filesOfThePage(): [string, string][] {
  const page = readFileSync(join(packageRoot, 'docs', 'policy.md'), 'utf8');
  return [...page.matchAll(/^```(?:rego|yaml) (\S+)\n([\s\S]*?)^```$/gm)].map(([, path = '', text = '']) => [
    path,
    text,
  ]);
}

describe.skipIf(opa === undefined)('the first rule of the policy page', () => {
  test('it compiles, and its tests pass', async () => {
    const { code, stdout } = await runCli(['policy', 'test', join(folder, 'my-policy')]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^it compiles against the contract\nPASS: (\d+)\/\1\n$/);
  });

  test('the page prints the digest that it builds to, and what the bundle then says', async () => {
    const bundle = join(folder, 'acme.tar.gz');
    const page = readFileSync(join(packageRoot, 'docs', 'policy.md'), 'utf8');

    const built = await runCli(['policy', 'build', join(folder, 'my-policy'), '-o', bundle, '--json']);
    const before = await runCli(['policy', 'eval', '--input', input]);
    const after = await runCli(['policy', 'eval', '--input', input, '--bundle', bundle, '--json']);

    expect(page).toContain((JSON.parse(built.stdout) as { sha256: string }).sha256);
    expect({ code: before.code, says: before.stdout.split('\n')[0] }).toEqual({
      code: 0,
      says: 'allowed: stream, allowed',
    });
    expect(after.code).toBe(3);
    expect(JSON.parse(after.stdout)).toMatchObject({
      allow: false,
      code: 'policy_denied',
      reasons: [{ rule: 'outbound', clause: 'privacy notice of 2026-03, section 4' }],
    });
  });

  test('a misspelt name is a compile error that says where', async () => {
    const typo = join(folder, 'typo');
    cpSync(join(folder, 'my-policy'), typo, { recursive: true });
    const rule = readFileSync(join(typo, 'outbound.rego'), 'utf8');
    writeFileSync(join(typo, 'outbound.rego'), rule.replace('call.direction', 'call.dirction'));

    const { code, stderr } = await runCli(['policy', 'test', typo]);

    expect(code).toBe(1);
    expect(stderr).toContain('outbound.rego:6: rego_type_error: undefined ref: input.call.dirction');
  });
});

test('an input that does not fit the contract is said by line and column', async () => {
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, readFileSync(input, 'utf8').replace('side: callee', 'site: callee'));

  const { code, stderr } = await runCli(['policy', 'eval', '--input', bad]);

  expect(code).toBe(1);
  expect(stderr).toContain(`earshot: ${bad}:11:8: leg.site: is not a known key\n`);
});

test('bash reads its completions, and completes commands and values from them', async () => {
  const { stdout } = await runCli(['completion', 'bash']);
  const script = join(folder, 'completion.bash');
  writeFileSync(
    script,
    `${stdout}\nCOMP_WORDS=(earshot tokens issue --role ''); COMP_CWORD=4; _earshot; echo "\${COMPREPLY[@]}"\n` +
      `COMP_WORDS=(earshot tra); COMP_CWORD=1; _earshot; echo "\${COMPREPLY[@]}"\n`,
  );

  const said = execFileSync('bash', ['--norc', script], { encoding: 'utf8' });

  expect(said).toBe('admin security auditor ops\ntranscripts\n');
});

test('wrong usage is exit code 2 and says what was meant, a failure is exit code 1 in one line', async () => {
  const unknown = await runCli(['revok']);
  const contradiction = await runCli(['calls', '--live', '--past']);
  const nobody = await runCli(['calls', '--url', 'unix:/nowhere/api.sock']);

  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('(Did you mean revoke?)');
  expect(contradiction).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toMatch(/^earshot: no Earshot answers at \/nowhere\/api\.sock .*\n$/);
});
