/** Takes a policy bundle from somebody who may deliver one. */

import { errorCode } from '../../base/error.ts';
import type { Principal } from '../../model/access.ts';
import type { BundleStored } from '../../model/api/config.ts';
import { can } from '../access/ability.ts';
import { BundleError } from '../policy/bundle.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { deliverBundle, type DeliverDeps } from './deliver-bundle.ts';

export type StoreBundle = (principal: Principal, sha256: string, bytes: Buffer) => Promise<BundleStored>;

/** Throws FORBIDDEN, INVALID for what is no bundle or another than was named, UNAVAILABLE, or the ledger's error. */
export function storeBundleOf(deps: DeliverDeps): StoreBundle {
  return async (principal, sha256, bytes) => {
    if (!can(principal, 'deliver', 'Bundle')) throw new AskError('FORBIDDEN', 'this token may not deliver policies');
    const { token: actor } = principal;
    const isNew = await askDatabase(deliverBundle(deps, { sha256, bytes, actor })).catch((cause: unknown) => {
      if (!(cause instanceof BundleError)) throw cause;
      const code = errorCode(cause).toLowerCase();
      throw new AskError('INVALID', `the bundle is refused: ${cause.message} (${code})`, { cause });
    });
    return { sha256, size_bytes: bytes.length, isNew };
  };
}
