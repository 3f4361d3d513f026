/**
 * A root key by its reference: 32 bytes in hex, from a file that nobody else can read or from the environment. An error
 * names the key and the place, never the value.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { wipe } from '../base/bytes.ts';
import { CodedError, errorCode } from '../base/error.ts';
import { environmentVariable } from './environment.ts';
import { ConfigError } from './problem.ts';

export type RootKeyReference = { readonly env: string } | { readonly file: string };

export const ROOT_KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;
const MAX_FILE_BYTES = 128;

/** The key. Whoever was given it wipes it. Throws ConfigError; `key` and `file` say where the reference stands. */
export function readRootKey(
  reference: RootKeyReference,
  place: { readonly key: string; readonly file: string },
): Uint8Array {
  try {
    const text = 'env' in reference ? readVariable(reference.env) : readPrivateFile(reference.file);
    if (!HEX.test(text)) throw new RootKeyError('INVALID', `${nameOf(reference)} must hold 32 bytes in hex`);
    return Uint8Array.from(Buffer.from(text, 'hex'));
  } catch (cause) {
    if (cause instanceof RootKeyError) throw new ConfigError('INVALID', [{ ...place, message: cause.message }]);
    const message = `${nameOf(reference)} cannot be read (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ ...place, message }], { cause });
  }
}

class RootKeyError extends CodedError<'INVALID'> {}

function nameOf(reference: RootKeyReference): string {
  return 'env' in reference ? `the environment variable ${reference.env}` : reference.file;
}

function readVariable(name: string): string {
  const value = environmentVariable(name);
  if (value === undefined) throw new RootKeyError('INVALID', `the environment variable ${name} is not set`);
  return value.trim();
}

/** Judged by the handle that is read from, so that nobody swaps the file in between. */
function readPrivateFile(path: string): string {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(MAX_FILE_BYTES);
  try {
    const { mode, uid } = fstatSync(handle);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new RootKeyError('INVALID', `${path} is no plain file`);
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw new RootKeyError('INVALID', `${path} can be read by others (mode ${octal}): chmod 600 it`);
    }
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own && uid !== 0) {
      throw new RootKeyError('INVALID', `${path} belongs to another user`);
    }
    return bytes.toString('latin1', 0, readSync(handle, bytes)).trim();
  } finally {
    wipe(bytes);
    closeSync(handle);
  }
}
