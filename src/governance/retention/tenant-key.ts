/**
 * The public half of a tenant's pair, and why it is believed: the reader signed it. Without that, whoever can write to the
 * database could have everything sealed to a key of his own.
 */

import { asTenantId, type TenantId } from '../../base/ids.ts';
import type { PublicKeyRow } from '../../store/tenant-keys.ts';
import { lengthPrefixed, whole } from './envelope.ts';
import { isSignedBy } from './sodium.ts';

export interface TenantPublicKey {
  readonly tenant: TenantId;
  readonly version: number;
  readonly publicKey: Uint8Array;
}

/** What the reader signs. */
export function tenantKeyText(key: {
  readonly tenant: string;
  readonly version: number;
  readonly publicKey: Uint8Array;
}): Buffer {
  return lengthPrefixed(['earshot/tenant-key', key.tenant, whole(key.version), key.publicKey]);
}

/** The key of a row, or undefined when `signer` did not sign it. */
export function believeTenantKey(row: PublicKeyRow, signer: Uint8Array): TenantPublicKey | undefined {
  const key = { tenant: asTenantId(row.tenant), version: row.version, publicKey: Uint8Array.from(row.public_key) };
  return isSignedBy(signer, tenantKeyText(key), row.signature) ? key : undefined;
}
