/** The `opa` command of this machine, for those who write policy; nothing that governs a call needs it. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CodedError } from '../../base/error.ts';
import { packageRoot } from '../../base/package-root.ts';
import { environmentVariable } from '../../config/environment.ts';
import { OPA_VERSION } from '../../governance/policy/run-opa.ts';

export class OpaMissingError extends CodedError<'NO_OPA'> {}

/** `EARSHOT_OPA`, else `opa` on the PATH, else the one kept in `.tools/`. */
export function findOpa(): string | undefined {
  const named = environmentVariable('EARSHOT_OPA');
  const onPath = (environmentVariable('PATH') ?? '').split(delimiter).map((folder) => join(folder, 'opa'));
  return [...(named === undefined ? [] : [named]), ...onPath, join(packageRoot, '.tools', 'opa')].find(isExecutable);
}

/** The same, or why there is none and what to do. */
export function requireOpa(): string {
  const found = findOpa();
  if (found !== undefined) return found;
  throw new OpaMissingError(
    'NO_OPA',
    [
      `opa is needed, version ${OPA_VERSION}: put it on the PATH or name it in EARSHOT_OPA`,
      'where Go is installed, `npm run policies -- --check` gets it',
    ].join('\n'),
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
