/**
 * The keys that tokens which link calls are made with: one for each tenant, derived from root-ops, so that nothing is
 * stored and no tenant's tokens say anything of another's. Another root gives other tokens.
 */

import { hkdfSync } from 'node:crypto';
import type { TenantId } from '../../base/ids.ts';
import type { LinkKey } from './linkable-token.ts';

const KEY_BYTES = 32;
const INFO = 'earshot/link/v1';
/** Names the derivation and the root; a root that is replaced takes the next. */
const KID = 'k1';

/** Keeps `root`. */
export function linkKeysOf(root: Uint8Array): (tenant: TenantId) => LinkKey {
  return (tenant) => ({ kid: KID, key: new Uint8Array(hkdfSync('sha256', root, tenant, INFO, KEY_BYTES)) });
}
