/** The processors of the configuration in force, as somebody may see them: what they are, whether they answer, who hears. */

import type { TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { ProcessorPage, ProcessorView } from '../../model/api/config.ts';
import type { Processor, Revision, Tenant } from '../../model/tenant.ts';
import { can } from '../access/ability.ts';
import { AskError, type ConfigVerbs } from './administration.ts';
import { lagMs, openFeeds, readersOf } from './live-view.ts';
import { healthOf } from './note-health.ts';
import type { Deps } from './ports.ts';
import { recordRead } from './record-read.ts';
import type { RevocationList } from './revocation-list.ts';

export interface ListProcessorsOptions {
  readonly revocations: RevocationList;
  /** The configuration in force; undefined while there is none. */
  revision(): Revision | undefined;
}

const ROUTE = '/v1/processors';

/** The verb: throws FORBIDDEN, UNAVAILABLE while there is no configuration, or the ledger's own error. */
export function listProcessorsOf(deps: Deps, options: ListProcessorsOptions): ConfigVerbs['listProcessors'] {
  return async (principal) => {
    if (!can(principal, 'read', 'Processor')) throw new AskError('FORBIDDEN', 'this token may not see processors');
    const inForce = options.revision();
    if (inForce === undefined) throw new AskError('UNAVAILABLE', 'there is no configuration in force yet');
    const { tenants } = principal;
    const read = await recordRead(deps, principal, { route: ROUTE, tenants: tenants === 'all' ? [] : tenants });
    const page = pageOf(deps, options.revocations, inForce, principal);
    read.done(page.items.length);
    return page;
  };
}

/** A token of some tenants sees the processors of those, their streams alone, and no other tenant's name. */
function pageOf(deps: Deps, revocations: RevocationList, revision: Revision, principal: Principal): ProcessorPage {
  const tenants = revision.tenants.filter(({ id }) => can(principal, 'read', 'Processor', { tenant: id }));
  const seesAll = can(principal, 'read', 'Processor', {});
  const items = revision.processors.flatMap((processor) => {
    const having = tenants.filter(({ processors }) => processors.includes(processor.id));
    return having.length > 0 || seesAll ? [viewProcessor(deps, revocations, processor, having)] : [];
  });
  return { items: items.sort((one, other) => (one.processor < other.processor ? -1 : 1)) };
}

function viewProcessor(
  deps: Deps,
  revocations: RevocationList,
  processor: Processor,
  having: readonly Tenant[],
): ProcessorView {
  const { id, protocol, hears, region, legalEntity, purpose, terms } = processor;
  return {
    processor: id,
    protocol,
    hears,
    region,
    legal_entity: legalEntity,
    purpose,
    terms: {
      hash: terms.hash,
      training: terms.training,
      retention_days: terms.retentionDays,
      expires_ms: terms.expiresAtMs,
    },
    tenants: having.map((tenant) => tenant.id),
    health: healthOf(deps, id),
    ...whatItHears(deps, processor, new Set(having.map((tenant) => tenant.id))),
    revoked: isRevoked(revocations, processor, having),
  };
}

/** Streams it hears, or reads, now, and the largest lag behind those it hears. */
function whatItHears(
  deps: Deps,
  { id }: Processor,
  tenants: ReadonlySet<TenantId>,
): Pick<ProcessorView, 'streams' | 'lag_ms'> {
  let streams = 0;
  let slowestMs = 0;
  for (const call of deps.calls.all()) {
    if (!tenants.has(call.tenant.id)) continue;
    for (const stream of call.streams.values()) {
      const feed = openFeeds(stream).find(({ grant }) => grant.processor.id === id);
      if (feed !== undefined) slowestMs = Math.max(slowestMs, lagMs(stream, feed));
      if (feed !== undefined || readersOf(call, stream).includes(id)) streams += 1;
    }
  }
  return { streams, lag_ms: slowestMs };
}

/** Silenced for everybody, or for each of the tenants that are shown with it. */
function isRevoked(revocations: RevocationList, { id }: Processor, having: readonly Tenant[]): boolean {
  const isSilenced = (tenant: Tenant): boolean =>
    revocations.findSame({ scope: 'processor', processor: id, tenant: tenant.id }) !== undefined ||
    revocations.findSame({ scope: 'tenant', tenant: tenant.id }) !== undefined;
  if (revocations.findSame({ scope: 'processor', processor: id }) !== undefined) return true;
  return having.length > 0 && having.every(isSilenced);
}
