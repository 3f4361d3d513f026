/** Gives tenants their policies and records which; an invalid one stops that tenant's AI and never a call. */

import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Tenant } from '../../model/tenant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BundleOutcome, PolicyHost } from '../policy/policy-host.ts';

export type FindBundle = (sha256: string) => Promise<Buffer | undefined>;

/** Loads one tenant's policy. Rejects when its bundle cannot be fetched now; what it had before stays in force then. */
export async function activatePolicy(
  host: Pick<PolicyHost, 'setTenantBundle'>,
  ledger: Ledger,
  { id, policy }: Tenant,
  findBundle: FindBundle,
): Promise<BundleOutcome> {
  const outcome = await host.setTenantBundle(id, await sourceOf(policy?.sha256, findBundle));
  // A later wish for the same tenant won meanwhile, and is recorded by whoever made it.
  if (outcome.kind === 'active' || outcome.code !== 'SUPERSEDED') recordPolicy(ledger, id, outcome);
  return outcome;
}

/** Records what became of the platform's own bundle. */
export function recordGuardrail(ledger: Ledger, outcome: BundleOutcome): void {
  recordPolicy(ledger, SYSTEM_LOG, outcome);
}

async function sourceOf(
  sha256: string | undefined,
  findBundle: FindBundle,
): Promise<Parameters<PolicyHost['setTenantBundle']>[1]> {
  if (sha256 === undefined) return 'default';
  const bytes = await findBundle(sha256);
  return bytes === undefined ? 'not_stored' : { bytes, sha256 };
}

function recordPolicy(ledger: Ledger, log: Parameters<Ledger['note']>[0], outcome: BundleOutcome): void {
  if (outcome.kind === 'active') {
    ledger.note(log, { kind: 'policy.active', policy: { ...outcome.policy }, origin: outcome.origin });
  } else {
    ledger.note(log, { kind: 'policy.invalid', code: outcome.code.toLowerCase() });
  }
}
