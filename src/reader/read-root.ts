/**
 * What follows from root-read: a key for the private halves of tenants, and a pair to sign the public ones with. The root
 * itself is not kept.
 */

import { wipe } from '../base/bytes.ts';
import { makeSigningPair, type KeyPair } from '../governance/retention/sodium-open.ts';
import { deriveKey, keyedHash } from '../governance/retention/sodium.ts';

export interface ReadRoot {
  /** Tells one root from another without telling anything of either. */
  readonly id: Uint8Array;
  /** Under this lie the private halves. */
  readonly pairKey: Uint8Array;
  readonly signing: KeyPair;
}

export const ROOT_ID_BYTES = 16;

/** Derives and wipes `root`. */
export function deriveRoot(root: Uint8Array): ReadRoot {
  const seed = deriveKey(root, 'ear-sign', 1);
  try {
    return {
      id: keyedHash(Buffer.from('earshot/root-read/v1', 'latin1'), root).subarray(0, ROOT_ID_BYTES),
      pairKey: deriveKey(root, 'ear-pair', 1),
      signing: makeSigningPair(seed),
    };
  } finally {
    wipe(root, seed);
  }
}

export function wipeRoot({ pairKey, signing }: ReadRoot): void {
  wipe(pairKey, signing.privateKey);
}
