/** Files that are not TypeScript (migrations, policies, speech) are found from the package root, built or not. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds our package.json. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

export const packageVersion = readVersion();

/** The built file of a source path such as `call/main`; processes are always started from the build. */
export function builtFile(path: string): string {
  return join(packageRoot, 'dist', `${path}.js`);
}

function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const isVersioned = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isVersioned ? String(manifest.version) : '0.0.0';
}
