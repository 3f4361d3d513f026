/**
 * The root key of a node: where the configuration says it is, or made once in the state directory. It is looked at when
 * a node starts, so that a key others can read is found before anything rests on it; it is not kept here.
 */

import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { wipe } from '../base/bytes.ts';
import type { LoadedConfig } from '../config/load.ts';
import { readRootKey, ROOT_KEY_BYTES, type RootKeyReference } from '../config/root-key.ts';

export interface RootKeys {
  /** Opens what was kept: for the reader process alone. */
  readonly rootRead: RootKeyReference;
  /** Where the reader leaves the public key that tenants' keys are signed with. */
  readonly readerKeyFile: string;
}

/** Throws ConfigError for a key that is missing, malformed, or readable by others. */
export function ensureRootKeys(stateDir: string, { config, origin }: LoadedConfig): RootKeys {
  const folder = join(stateDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const rootRead = config.keys?.rootRead ?? { file: makeOnce(join(folder, 'root-read.key')) };
  wipe(readRootKey(rootRead, { key: 'keys.rootRead', file: origin }));
  return { rootRead, readerKeyFile: join(folder, 'reader.pub') };
}

/** Variables that hold a root key: for the reader process, and no other. */
export function rootKeyVariables({ rootRead }: RootKeys): readonly string[] {
  return 'env' in rootRead ? [rootRead.env] : [];
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
