/**
 * From master key and salt to the session keys that packets are protected with (RFC 3711 §4.3, RFC 6188 §3, RFC 7714
 * §11). The key derivation rate is zero: one set of keys for the master key's life.
 */

import { assert } from '../../base/assert.ts';
import { wipe } from '../../base/bytes.ts';
import { AesCm } from './aes-cm.ts';
import { keySaltBytes, suiteShape, type SrtpSuite } from './suite.ts';

/** n_a: 160 bits, whatever the tag is cut to. RFC 3711 B.3 prints a longer key only to show the keystream. */
export const AUTH_KEY_BYTES = 20;
/** The derivation's own salt always has 112 bits; the 96 of GCM are followed by zeros (RFC 7714 §11). */
const MASTER_SALT_BYTES = 14;

/** Keys of one kind of packet. Secret. */
export interface PacketKeys {
  readonly cipherKey: Buffer;
  readonly salt: Buffer;
  /** Empty for GCM, whose cipher authenticates. */
  readonly authKey: Buffer;
}

export interface SessionKeys {
  readonly rtp: PacketKeys;
  readonly rtcp: PacketKeys;
}

/** Labels of RFC 3711 §4.3.1 and §4.3.2. */
export type KeyLabel = 0 | 1 | 2 | 3 | 4 | 5;

/** A wrong length is a bug of ours: SDP was checked before. */
export function deriveSessionKeys(suite: SrtpSuite, keySalt: Uint8Array): SessionKeys {
  assert(keySalt.length === keySaltBytes(suite), 'master key and salt have the wrong length');
  const { mode, keyBytes, saltBytes } = suiteShape(suite);
  const master = { key: keySalt.subarray(0, keyBytes), salt: keySalt.subarray(keyBytes) };
  const authKeyBytes = mode === 'gcm' ? 0 : AUTH_KEY_BYTES;
  return {
    rtp: {
      cipherKey: deriveKey(master, 0, keyBytes),
      authKey: deriveKey(master, 1, authKeyBytes),
      salt: deriveKey(master, 2, saltBytes),
    },
    rtcp: {
      cipherKey: deriveKey(master, 3, keyBytes),
      authKey: deriveKey(master, 4, authKeyBytes),
      salt: deriveKey(master, 5, saltBytes),
    },
  };
}

export function deriveKey(
  master: { readonly key: Uint8Array; readonly salt: Uint8Array },
  label: KeyLabel,
  sizeBytes: number,
): Buffer {
  const salt = Buffer.alloc(MASTER_SALT_BYTES);
  salt.set(master.salt);
  // x = label × 2^48 XOR salt: the label lands on byte 7 of the 14-byte salt.
  salt[7]! ^= label;
  const derived = Buffer.alloc(sizeBytes);
  const stream = new AesCm(master.key, salt);
  stream.apply(derived, 0, sizeBytes, 0, 0);
  stream.wipe();
  wipe(salt);
  return derived;
}

export function wipeSessionKeys({ rtp, rtcp }: SessionKeys): void {
  for (const keys of [rtp, rtcp]) wipe(keys.cipherKey, keys.salt, keys.authKey);
}
