/**
 * Whose data a question is about: the tenants it names, or all there are, as far as the asker's abilities reach. A tenant
 * out of reach and one that does not exist look the same.
 */

import { asTenantId, type TenantId } from '../../base/ids.ts';
import type { AccessSubject, Principal, RowCondition } from '../../model/access.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { locateCall } from '../../store/call-query.ts';
import type { Database } from '../../store/database.ts';
import { findLogs, listLogs } from '../../store/log-reader.ts';
import { conditionOf, matches } from '../access/condition.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';

export interface ScopeDeps {
  /** As the query role. */
  readonly database: Database;
  /** Tenants of the configuration in force. */
  readonly tenants: () => readonly TenantId[];
}

export interface QuestionScope {
  readonly tenants: readonly TenantId[];
  /** What the asker's abilities say of rows, over the field `tenant`: the first wall, before row security. */
  readonly condition: RowCondition;
}

/**
 * Tenants that are configured or have a log: one that was removed stays auditable, and a name nobody ever had gets no log
 * by being asked about. With `call`, only the one whose call it is. Throws FORBIDDEN for who may ask nothing of the kind, and
 * UNAVAILABLE.
 */
export async function scopeOf(
  deps: ScopeDeps,
  principal: Principal,
  asked: {
    readonly subject: AccessSubject;
    readonly named?: readonly string[] | undefined;
    readonly call?: string | undefined;
  },
): Promise<QuestionScope> {
  const condition = conditionFor(principal, asked.subject);
  const candidates = asked.named ?? (principal.tenants === 'all' ? undefined : principal.tenants);
  const known = await askDatabase(knownTenants(deps, candidates));
  const tenants = known.filter((tenant) => matches(condition, { tenant }));
  if (asked.call === undefined) return { tenants, condition };
  const log = await askDatabase(locateCall(deps.database, { logs: tenants, condition, call: asked.call }));
  return { tenants: log === undefined ? [] : [asTenantId(log)], condition };
}

/** Throws FORBIDDEN when it could match nothing. */
export function conditionFor(principal: Principal, subject: AccessSubject): RowCondition {
  const condition = conditionOf(principal, 'read', subject);
  if (condition.kind === 'never') throw new AskError('FORBIDDEN', 'this token may not read that');
  return condition;
}

async function knownTenants(
  { database, tenants }: ScopeDeps,
  candidates: readonly string[] | undefined,
): Promise<TenantId[]> {
  const configured = tenants();
  if (candidates === undefined) return distinct([...configured, ...(await listLogs(database))]);
  const isConfigured = new Set<string>(configured);
  const others = candidates.filter((name) => !isConfigured.has(name));
  const logs = others.length === 0 ? [] : await findLogs(database, others);
  return distinct([...candidates.filter((name) => isConfigured.has(name)), ...logs]);
}

/** The system log is no tenant's, whatever somebody calls a tenant. */
function distinct(names: readonly string[]): TenantId[] {
  return [...new Set(names)].filter((name) => name !== SYSTEM_LOG).map(asTenantId);
}
