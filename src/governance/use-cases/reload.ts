/** Brings living calls in line with a configuration that has changed around them. The calls themselves notice nothing. */

import type { ProcessorId, TenantId } from '../../base/ids.ts';
import type { Revision, Tenant } from '../../model/tenant.ts';
import { affectedProcessors, governingIn, type Governing } from './compare-hearing.ts';
import { governAnew } from './govern-anew.ts';
import type { Deps } from './ports.ts';

/** Every call takes the revision; those whose hearing it changes are asked about anew, as far as it is changed. */
export function reloadCalls(deps: Deps, revision: Revision): void {
  const known = new Map<Tenant, { readonly governing: Governing; readonly affected: ReadonlySet<ProcessorId> }>();
  for (const call of deps.calls.all()) {
    const before = { tenant: call.tenant, revision: call.revision };
    const governing = known.get(call.tenant)?.governing ?? governingIn(revision, call.tenant);
    // Calls of one tenant share its object as long as they share its revision.
    const affected = known.get(call.tenant)?.affected ?? affectedProcessors(before, governing);
    known.set(before.tenant, { governing, affected });
    governAnew(deps, call, governing, affected);
  }
}

/** A tenant's policy has become another: whoever it has allowed or refused is asked about anew. */
export function reloadCallsOf(deps: Deps, tenant: TenantId): void {
  for (const call of deps.calls.all()) {
    if (call.tenant.id !== tenant) continue;
    governAnew(deps, call, { tenant: call.tenant, revision: call.revision }, new Set(call.tenant.processors));
  }
}
