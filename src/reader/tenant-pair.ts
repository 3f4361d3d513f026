/**
 * A tenant's pair of keys as it is stored: the public half signed, the private half sealed under root-read and bound to
 * its tenant, version and public half.
 */

import { constantTimeEqual, wipe } from '../base/bytes.ts';
import type { RandomBytes } from '../base/ids.ts';
import { lengthPrefixed, whole } from '../governance/retention/envelope.ts';
import {
  decryptBound,
  encryptBound,
  makeKeyPair,
  NONCE_BYTES,
  sign,
  type KeyPair,
} from '../governance/retention/sodium-open.ts';
import { tenantKeyText } from '../governance/retention/tenant-key.ts';
import type { TenantKeyRow } from '../store/schema.ts';
import { ROOT_ID_BYTES, type ReadRoot } from './read-root.ts';

/*
 *  sealed_private: | 1 byte: 1 | 16 bytes: id of the root | 24 bytes: nonce | 48 bytes: private half and tag |
 */
const FORM = 1;
const NONCE_AT = 1 + ROOT_ID_BYTES;
const SEALED_AT = NONCE_AT + NONCE_BYTES;

/** `wrong_key`: another root-read than ours. `tampered`: ours, and not what was made under it. */
export type OpenedPair =
  { readonly kind: 'pair'; readonly pair: KeyPair } | { readonly kind: 'wrong_key' } | { readonly kind: 'tampered' };

export function makeTenantPair(
  root: ReadRoot,
  made: {
    readonly tenant: string;
    readonly version: number;
    readonly madeMs: number;
    readonly random: RandomBytes;
  },
): TenantKeyRow {
  const { tenant, version, madeMs, random } = made;
  const { publicKey, privateKey } = makeKeyPair();
  const nonce = random(NONCE_BYTES);
  const binding = bindingOf({ tenant, version, publicKey });
  try {
    const sealed = encryptBound(privateKey, { key: root.pairKey, nonce, binding });
    return {
      tenant,
      version,
      public_key: Buffer.from(publicKey),
      signature: Buffer.from(sign(root.signing.privateKey, tenantKeyText({ tenant, version, publicKey }))),
      sealed_private: Buffer.concat([Uint8Array.of(FORM), root.id, nonce, sealed]),
      made_ms: madeMs,
    };
  } finally {
    wipe(privateKey);
  }
}

/** Whether the pair was made under this root; says nothing about whether it was changed since. */
export function isOfRoot(root: ReadRoot, row: Pick<TenantKeyRow, 'sealed_private'>): boolean {
  const { sealed_private: bytes } = row;
  return bytes[0] === FORM && constantTimeEqual(bytes.subarray(1, NONCE_AT), root.id);
}

export function openTenantPair(root: ReadRoot, row: TenantKeyRow): OpenedPair {
  if (!isOfRoot(root, row)) return { kind: 'wrong_key' };
  const { tenant, version, sealed_private: bytes } = row;
  const publicKey = Uint8Array.from(row.public_key);
  const nonce = bytes.subarray(NONCE_AT, SEALED_AT);
  if (nonce.length !== NONCE_BYTES) return { kind: 'tampered' };
  const binding = bindingOf({ tenant, version, publicKey });
  const privateKey = decryptBound(bytes.subarray(SEALED_AT), { key: root.pairKey, nonce, binding });
  return privateKey === undefined ? { kind: 'tampered' } : { kind: 'pair', pair: { publicKey, privateKey } };
}

function bindingOf(key: { readonly tenant: string; readonly version: number; readonly publicKey: Uint8Array }): Buffer {
  return lengthPrefixed(['earshot/tenant-pair', key.tenant, whole(key.version), key.publicKey]);
}
