/**
 * The kill switch. It acts first and asks nobody: from the return of `cutOff` on, nothing it concerns is heard or read,
 * whatever becomes of policy, database and ledger. What it did is kept and recorded afterwards.
 */

import { asTenantId, isId, newId, type ProcessorId, type TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { RevocationTarget, RevocationView, SilenceBody } from '../../model/api/revocations.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Revision } from '../../model/tenant.ts';
import { can } from '../access/ability.ts';
import type { LogName } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { currentPositionMs } from './lease-window.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import { openFeeds, readersOf } from './live-view.ts';
import { plainReason } from './plain-reason.ts';
import type { Deps } from './ports.ts';
import {
  MAX_REVOCATIONS,
  targetWord,
  viewRevocation,
  type Revocation,
  type RevocationList,
} from './revocation-list.ts';
import { closeTap, hearingOf, silenceFeed, startRevoked } from './silence-stream.ts';

/** A switch for more tenants than this is recorded in the system log; what it closed is in each tenant's own. */
const MAX_LOGS = 64;

/** What is silenced, where that is kept, and how it comes into the ledger. */
export interface Switchboard {
  readonly list: RevocationList;
  /** Resolves when the list is on disk, or after a moment in which it could not be brought there. */
  kept(): Promise<void>;
  /** Begins to record what is not recorded. */
  record(): void;
  /** The configuration in force; undefined while there is none. */
  revision(): Revision | undefined;
}

/**
 * Silences what `body` names, before it returns; resolves when that is kept. Whoever silences what is silenced already is
 * shown the revocation there is. Throws FORBIDDEN, NOT_FOUND, or CONFLICT when there are too many.
 */
export async function silence(
  deps: Deps,
  board: Switchboard,
  principal: Principal,
  { target, reason }: SilenceBody,
): Promise<RevocationView> {
  const { tenant, logs } = whomItConcerns(deps, board.revision(), principal, target);
  const same = board.list.findSame(target);
  if (same === undefined && board.list.isFull) {
    throw new AskError('CONFLICT', `there are ${MAX_REVOCATIONS} revocations; silence a tenant or a processor instead`);
  }
  const silenced = cutOff(deps, target);
  if (same !== undefined) {
    board.list.renew(same.revocation);
    return viewRevocation(same);
  }
  const revocation: Revocation = {
    revocation: newId('revocation', deps.random),
    target,
    tenant,
    reason: plainReason(reason),
    actor: principal.token,
    actedMs: Math.trunc(deps.clock.wallMs()),
    silenced,
    logs,
    unrecorded: logs,
    isOver: false,
  };
  board.list.add(revocation);
  board.record();
  publishSwitch(deps, revocation, 'silence');
  await board.kept();
  return viewRevocation(board.list.get(revocation.revocation) ?? revocation);
}

/** Ends everything the target hears or reads, now. Returns how many leases were closed and readers cut off. */
export function cutOff(deps: Deps, target: RevocationTarget): number {
  deps.calls.silenced.add(target);
  let silenced = 0;
  for (const call of deps.calls.all()) {
    for (const stream of call.streams.values()) silenced += cutOffStream(deps, call, stream);
  }
  return silenced;
}

/** Shows that the switch was turned; what belongs to no tenant is for those who see all of them. */
export function publishSwitch(
  deps: Deps,
  { revocation, target, tenant }: Revocation,
  action: 'silence' | 'lift',
): void {
  deps.publish({
    kind: 'revocation',
    revocation,
    ...(tenant === undefined ? {} : { tenant }),
    action,
    scope: target.scope,
    target: targetWord(target),
  });
}

/** Feeds are closed, readers' grants and pending attempts become one marked gap each, and a tap nobody hears ends. */
function cutOffStream(deps: Deps, call: LiveCall, stream: LiveStream): number {
  const isSilenced = (processor: ProcessorId): boolean => deps.calls.silenced.covers(hearingOf(call, processor));
  const feeds = openFeeds(stream).filter(({ grant }) => isSilenced(grant.processor.id));
  for (const feed of feeds) silenceFeed(deps, call, stream, feed, 'revoked');
  const readers = readersOf(call, stream).filter(isSilenced);
  const waiting = [...stream.silences.keys()].filter(isSilenced);
  const positionMs = currentPositionMs(deps, call, stream);
  for (const processor of new Set([...readers, ...waiting])) startRevoked(deps, call, stream, processor, positionMs);
  if (openFeeds(stream).length === 0) closeTap(deps, stream);
  return feeds.length + readers.length;
}

interface Concerned {
  readonly tenant: TenantId | undefined;
  readonly logs: readonly LogName[];
}

/** Whose hearing it is, if the principal may end it and it is there to be ended. */
function whomItConcerns(
  deps: Deps,
  revision: Revision | undefined,
  principal: Principal,
  target: RevocationTarget,
): Concerned {
  if (!can(principal, 'silence', 'Hearing')) throw new AskError('FORBIDDEN', 'this token may not silence anything');
  switch (target.scope) {
    case 'call': {
      const call = isId('call', target.call) ? deps.calls.get(target.call) : undefined;
      if (call === undefined || !can(principal, 'silence', 'Hearing', { tenant: call.tenant.id })) {
        throw new AskError('NOT_FOUND', 'no such call lives on this node');
      }
      return ofTenant(call.tenant.id);
    }
    case 'tenant':
      assertTenant(deps, revision, principal, target.tenant);
      return ofTenant(asTenantId(target.tenant));
    case 'processor': {
      if (target.tenant !== undefined) assertTenant(deps, revision, principal, target.tenant);
      else if (!can(principal, 'silence', 'Hearing', {})) {
        throw new AskError('FORBIDDEN', 'this token may silence a processor for its own tenants only: name one');
      }
      assertProcessor(deps, revision, target.processor);
      if (target.tenant !== undefined) return ofTenant(asTenantId(target.tenant));
      return { tenant: undefined, logs: logsOf(deps, revision, target.processor) };
    }
  }
}

function ofTenant(tenant: TenantId): Concerned {
  return { tenant, logs: [tenant] };
}

/** A name that nobody has is a slip of the pen, and whoever made it must not believe that something is silent now. */
function assertTenant(deps: Deps, revision: Revision | undefined, principal: Principal, tenant: string): void {
  if (!can(principal, 'silence', 'Hearing', { tenant })) {
    throw new AskError('FORBIDDEN', 'this token may not silence that tenant');
  }
  const isKnown = revision === undefined || revision.tenants.some(({ id }) => id === tenant);
  if (isKnown || deps.calls.all().some((call) => call.tenant.id === tenant)) return;
  throw new AskError('NOT_FOUND', 'no tenant has that name');
}

function assertProcessor(deps: Deps, revision: Revision | undefined, processor: string): void {
  const isNamed = (of: Revision): boolean => of.processors.some(({ id }) => id === processor);
  if (revision === undefined || isNamed(revision)) return;
  if (deps.calls.all().some((call) => isNamed(call.revision))) return;
  throw new AskError('NOT_FOUND', 'no processor has that name');
}

/** The log of every tenant that has the processor; the system log where there is none, or there are too many. */
function logsOf(deps: Deps, revision: Revision | undefined, processor: string): readonly LogName[] {
  const tenants = [...(revision?.tenants ?? []), ...deps.calls.all().map(({ tenant }) => tenant)];
  const having = tenants.filter(({ processors }) => processors.some((id) => id === processor)).map(({ id }) => id);
  const logs = [...new Set(having)];
  return logs.length === 0 || logs.length > MAX_LOGS ? [SYSTEM_LOG] : logs;
}
