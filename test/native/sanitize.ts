/**
 * `npx tsx test/native/sanitize.ts [vitest arguments]`: builds the addon with AddressSanitizer and UBSan and runs the
 * tests of this folder on it. One read out of bounds, use after free or undefined shift ends the run with its report.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = join(ROOT, 'src', 'native');
const HEADERS = join(dirname(dirname(process.execPath)), 'include', 'node');

const FLAGS = ['-std=c++17', '-O1', '-g', '-fPIC', '-shared', '-fno-omit-frame-pointer', '-DNAPI_VERSION=8'];
const CHECKS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
/** Node frees little of its own when it ends: what leaks is asked of the addon by counting, not by the sanitizer. */
const OPTIONS = 'detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1';

const folder = mkdtempSync(join(tmpdir(), 'earshot-sanitized-'));
try {
  process.exitCode = run(build(join(folder, 'earshot.node')));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function build(addon: string): string {
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.cc'));
  const files = sources.map((name) => join(SOURCES, name));
  execFileSync('c++', [...FLAGS, ...CHECKS, '-I', HEADERS, ...files, '-o', addon], { stdio: 'inherit' });
  return addon;
}

/** The sanitizer must be in the process before Node is: Node itself is not built with it. */
function run(addon: string): number {
  const runtime = execFileSync('c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : ['test/native'];
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', ...chosen], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, LD_PRELOAD: runtime, ASAN_OPTIONS: OPTIONS, EARSHOT_TEST_ADDON: addon },
  });
  return status ?? 1;
}
