/** What links a tenant's calls on this node: keys that follow from its root-ops, which is read once and not kept elsewhere. */

import type { TenantId } from '../../base/ids.ts';
import { readRootKey } from '../../config/root-key.ts';
import type { GovernanceRuntime } from '../../config/runtime.ts';
import type { LinkKey } from '../redaction/linkable-token.ts';
import { linkKeysOf } from '../redaction/link-keys.ts';

/** Throws ConfigError when the key cannot be read. */
export function linkKeysFor({ rootOps, config }: GovernanceRuntime): (tenant: TenantId) => LinkKey {
  return linkKeysOf(readRootKey(rootOps, { key: 'keys.rootOps', file: config.node }));
}
