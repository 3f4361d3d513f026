/**
 * The reader's public signing key, in a file of this node: the one part of the way from the reader to whoever seals that
 * does not lead through the database.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PUBLIC_KEY_BYTES } from './sodium.ts';

/** The key, or undefined while no reader has left one. */
export function readSigner(file: string): Uint8Array | undefined {
  const text = readText(file);
  const key = Uint8Array.from(Buffer.from(text, 'hex'));
  return key.length === PUBLIC_KEY_BYTES ? key : undefined;
}

/** Leaves the key there unless it is there already. */
export function leaveSigner(file: string, publicKey: Uint8Array): void {
  const text = Buffer.from(publicKey).toString('hex');
  if (readText(file) === text) return;
  const unfinished = `${file}.unfinished`;
  writeFileSync(unfinished, `${text}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
