/** Puts a policy bundle where every node finds it: recorded, then stored. Nothing is in force by that. */

import type { Clock } from '../../base/clock.ts';
import type { Principal } from '../../model/access.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openBundle } from '../policy/bundle.ts';
import type { ConfigStore } from './config-store.ts';

export interface DeliverDeps {
  readonly store: Pick<ConfigStore, 'addBundle'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * True when it was not there before. Throws BundleError for bytes that are not those of the digest or no bundle at all,
 * and what the ledger or the database throws.
 */
export async function deliverBundle(
  { store, ledger, clock }: DeliverDeps,
  {
    sha256,
    bytes,
    actor,
  }: { readonly sha256: string; readonly bytes: Buffer; readonly actor: Principal['token'] | 'node' },
): Promise<boolean> {
  await openBundle({ bytes, sha256 });
  await ledger.append(SYSTEM_LOG, { kind: 'policy.delivered', sha256, size_bytes: bytes.length, actor });
  return store.addBundle({ sha256, bytes, delivered_by: actor, at_ms: Math.trunc(clock.wallMs()) });
}
