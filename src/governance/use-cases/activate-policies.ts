/** Gives each tenant its policy and records which; an invalid one stops that tenant's AI and never a call. */

import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Revision } from '../../model/tenant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BundleOutcome, PolicyHost } from '../policy/policy-host.ts';

/** Resolves with the tenants whose bundle was refused. */
export async function activatePolicies(
  host: PolicyHost,
  ledger: Ledger,
  revision: Revision,
): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const tenant of revision.tenants) {
    const source =
      tenant.policy === undefined
        ? 'default'
        : { path: tenant.policy.bundle ?? '', sha256: tenant.policy.sha256 };
    const outcome = await host.setTenantBundle(tenant.id, source);
    // A later wish for the same tenant won meanwhile, and is recorded by whoever made it.
    if (outcome.kind === 'refused' && outcome.code === 'SUPERSEDED') continue;
    recordPolicy(ledger, tenant.id, outcome);
    if (outcome.kind === 'refused') refused.push(tenant.id);
  }
  return refused;
}

/** Records what became of the platform's own bundle. */
export function recordGuardrail(ledger: Ledger, outcome: BundleOutcome): void {
  recordPolicy(ledger, SYSTEM_LOG, outcome);
}

function recordPolicy(ledger: Ledger, log: Parameters<Ledger['note']>[0], outcome: BundleOutcome): void {
  if (outcome.kind === 'active') {
    ledger.note(log, { kind: 'policy.active', policy: { ...outcome.policy }, origin: outcome.origin });
  } else {
    ledger.note(log, { kind: 'policy.invalid', code: outcome.code.toLowerCase() });
  }
}
