/** Whose hearing a change of configuration touches: processors about which the policy would now be asked otherwise. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { ProcessorId } from '../../base/ids.ts';
import type { Processor, Revision, Tenant } from '../../model/tenant.ts';

/** What governs a call's hearing. */
export interface Governing {
  readonly tenant: Tenant;
  readonly revision: Revision;
}

/**
 * Processors that are gone, new, or described otherwise; all of them where the call's own facts are others. Which policy
 * answers is not part of it: that changes when it is loaded.
 */
export function affectedProcessors(before: Governing, after: Governing): ReadonlySet<ProcessorId> {
  const former = processorsOf(before);
  const present = processorsOf(after);
  const all = [...new Set([...former.keys(), ...present.keys()])];
  if (!isDeepStrictEqual(factsOf(before.tenant), factsOf(after.tenant))) return new Set(all);
  return new Set(all.filter((id) => !isDeepStrictEqual(former.get(id), present.get(id))));
}

/** The tenant in a revision that may not have it any more: then it is as it was, and nobody hears it. */
export function governingIn(revision: Revision, tenant: Tenant): Governing {
  const found = revision.tenants.find(({ id }) => id === tenant.id);
  return { tenant: found ?? { ...tenant, processors: [] }, revision };
}

function factsOf({ consent, disclosure, jurisdictions }: Tenant): unknown {
  return { consent, disclosure, jurisdictions };
}

function processorsOf({ tenant, revision }: Governing): ReadonlyMap<ProcessorId, Processor> {
  const named = new Set(tenant.processors);
  return new Map(revision.processors.filter(({ id }) => named.has(id)).map((processor) => [processor.id, processor]));
}
