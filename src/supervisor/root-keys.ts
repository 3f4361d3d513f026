/**
 * The root keys of a node: where the configuration says they are, or made once in the state directory. They are looked at
 * when a node starts, so that a key others can read is found before anything rests on it; they are not kept here.
 */

import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { constantTimeEqual, wipe } from '../base/bytes.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { readRootKey, ROOT_KEY_BYTES, type RootKeyReference } from '../config/root-key.ts';
import type { PlaneName } from './scheduling.ts';

export interface RootKeys {
  /** Opens what was kept: for the reader process alone. */
  readonly rootRead: RootKeyReference;
  /** What governance names values with: for it alone. */
  readonly rootOps: RootKeyReference;
  /** Where the reader leaves the public key that tenants' keys are signed with. */
  readonly readerKeyFile: string;
}

/** Throws ConfigError for a key that is missing, malformed, or readable by others, and for one key in two roles. */
export function ensureRootKeys(stateDir: string, { config, origin }: LoadedConfig): RootKeys {
  const folder = join(stateDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const rootRead = config.keys?.rootRead ?? { file: makeOnce(join(folder, 'root-read.key')) };
  const rootOps = config.keys?.rootOps ?? { file: makeOnce(join(folder, 'root-ops.key')) };
  const read = readRootKey(rootRead, { key: 'keys.rootRead', file: origin });
  try {
    const ops = readRootKey(rootOps, { key: 'keys.rootOps', file: origin });
    const isSame = constantTimeEqual(read, ops);
    wipe(ops);
    // Governance would hold what opens the transcripts.
    if (isSame) throw new ConfigError('INVALID', [{ file: origin, key: 'keys.rootOps', message: 'is root-read' }]);
  } finally {
    wipe(read);
  }
  return { rootRead, rootOps, readerKeyFile: join(folder, 'reader.pub') };
}

/** Variables that hold a root key which is not for this process. */
export function withheldKeys({ rootRead, rootOps }: RootKeys, process: PlaneName | 'reader'): readonly string[] {
  const withheld = [...(process === 'reader' ? [] : [rootRead]), ...(process === 'governance' ? [] : [rootOps])];
  return withheld.flatMap((reference) => ('env' in reference ? [reference.env] : []));
}

/** On the disk before it has its name: half a key, or one that a power cut takes back, would be the end of what it opens. */
function makeOnce(file: string): string {
  if (existsSync(file)) return file;
  const unfinished = `${file}.unfinished`;
  const key = randomBytes(ROOT_KEY_BYTES);
  const handle = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(handle, `${key.toString('hex')}\n`);
    fsyncSync(handle);
  } finally {
    wipe(key);
    closeSync(handle);
  }
  renameSync(unfinished, file);
  return file;
}
