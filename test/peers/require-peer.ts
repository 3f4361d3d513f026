/** Finds the real programs that peer tests talk to. Where they must be there, a missing one is a failure, not a skip. */

import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of the program, or undefined when it is not installed; throws instead when `EARSHOT_REQUIRE_PEERS` is 1. */
export function requirePeer(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined && process.env['EARSHOT_REQUIRE_PEERS'] === '1') {
    throw new Error(`the peer ${name} is required and not installed`);
  }
  return found;
}

/**
 * Builds a peer of ours that needs a library. Undefined without a compiler, or when `header` is not installed; throws
 * instead of the latter when `EARSHOT_REQUIRE_PEERS` is 1. `remove` takes the program away again.
 */
export function requireBuilt(
  compiler: string | undefined,
  source: URL,
  { header, library }: { readonly header: string; readonly library: string },
): { readonly path: string; remove(): void } | undefined {
  if (compiler === undefined) return undefined;
  const looked = spawnSync(compiler, ['-E', '-'], {
    input: `#include <${header}>\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (looked.status !== 0) {
    if (process.env['EARSHOT_REQUIRE_PEERS'] === '1') throw new Error(`${header} is required and not installed`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'earshot-peer-'));
  const path = join(folder, 'peer');
  execFileSync(compiler, ['-O2', '-Wall', '-Wextra', '-Werror', '-o', path, fileURLToPath(source), `-l${library}`]);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
