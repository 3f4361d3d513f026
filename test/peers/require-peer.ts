/** Finds the real programs that peer tests talk to. Where they must be there, a missing one is a failure, not a skip. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of the program, or undefined when it is not installed; throws instead when `EARSHOT_REQUIRE_PEERS` is 1. */
export function requirePeer(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined && process.env['EARSHOT_REQUIRE_PEERS'] === '1') {
    throw new Error(`the peer ${name} is required and not installed`);
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
