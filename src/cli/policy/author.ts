/** `earshot policy test` and `build`: an author's folder of Rego through opa, as strictly as the shipped policies go. */

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CodedError } from '../../base/error.ts';
import { packageRoot } from '../../base/package-root.ts';
import { OpaError, runOpa } from '../../governance/policy/run-opa.ts';
import { ENTRYPOINT_PATH } from '../../model/decision.ts';
import { plainJson } from '../terminal/plain.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { candidateOf } from './candidates.ts';
import { requireOpa } from './find-opa.ts';

class AuthorError extends CodedError<'NOT_A_FOLDER' | 'OPA_FAILED'> {}

const CAPABILITIES = join(packageRoot, 'policies', 'capabilities.json');
const SCHEMAS = join(packageRoot, 'docs', 'policy');

export function addPolicyAuthor(policy: Command, terminal: Terminal): void {
  policy
    .command('test')
    .description('check a folder of Rego against the contract, and run its tests with opa')
    .argument('<dir>', 'the folder')
    .action((dir: string) => testPolicy(terminal, dir));
  policy
    .command('build')
    .description('build a bundle from a folder of Rego, and print its SHA-256')
    .argument('<dir>', 'the folder')
    .requiredOption('-o, --out <file>', 'the bundle, such as my-policy.tar.gz')
    .option('--json', 'one JSON object')
    .action((dir: string, options: { readonly out: string; readonly json?: boolean }) =>
      buildPolicy(terminal, dir, options),
    );
}

async function testPolicy(terminal: Terminal, dir: string): Promise<void> {
  const opa = requireOpa();
  const folder = folderOf(dir);
  await check(opa, folder);
  const said = await run(opa, folder, ['test', '--timeout', '60s', '.'], 'tests failed');
  await terminal.print(`it compiles against the contract\n${said.trim() === '' ? 'no tests\n' : said}`);
}

async function buildPolicy(
  terminal: Terminal,
  dir: string,
  { out, json }: { readonly out: string; readonly json?: boolean },
): Promise<void> {
  const opa = requireOpa();
  const folder = folderOf(dir);
  await check(opa, folder);
  const built = ['build', '--target', 'wasm', '--capabilities', CAPABILITIES, '--ignore', '*_test.rego'];
  const entrypoints = Object.values(ENTRYPOINT_PATH).flatMap((path) => ['-e', path]);
  // From within the folder: its place on this machine must not be in the bundle, or in its digest.
  await run(opa, folder, [...built, ...entrypoints, '--output', resolve(out), '.'], 'it does not build');
  const { Workbench } = await import('./workbench.ts');
  const bench = new Workbench({ clock: terminal.clock });
  try {
    const { digest } = await bench.admit(candidateOf(out));
    const result = { bundle: out, sha256: digest.bundle };
    await terminal.print(json === true ? `${plainJson(result)}\n` : describeBuilt(result));
  } finally {
    await bench.close();
  }
}

/** The words to put into the document, so that nobody copies half a digest. */
function describeBuilt({ bundle, sha256 }: { readonly bundle: string; readonly sha256: string }): string {
  return `${bundle}: loads, and answers all four questions\npolicy: { bundle: ${bundle}, sha256: "${sha256}" }\n`;
}

async function check(opa: string, folder: string): Promise<void> {
  const args = ['check', '--strict', '--schema', SCHEMAS, '--capabilities', CAPABILITIES, '.'];
  await run(opa, folder, args, 'it does not compile against the contract');
}

async function run(opa: string, folder: string, args: readonly string[], what: string): Promise<string> {
  try {
    return await runOpa(opa, folder, args);
  } catch (thrown) {
    if (!(thrown instanceof OpaError) || thrown.code !== 'FAILED') throw thrown;
    // The first line is the command, which nobody typed.
    const said = thrown.message.split('\n').slice(1).join('\n');
    throw new AuthorError('OPA_FAILED', `${what}\n${said}`, { cause: thrown });
  }
}

function folderOf(dir: string): string {
  if (existsSync(dir) && statSync(dir).isDirectory()) return resolve(dir);
  throw new AuthorError('NOT_A_FOLDER', `${dir}: is not a folder`);
}
