/** Calls as they are shown, from the live plane where they live and from their entries where they did. */

import type { CallView } from '../../model/api/calls.ts';
import type { Entry } from '../../model/evidence.ts';
import type { HearingShare, OpenUse } from '../ledger/accounts/hearing-account.ts';
import type { LiveCall } from './live-calls.ts';

/** A call that is going on; who heard it so far, by `shares` where its entries were asked. */
export function viewLiveCall(call: LiveCall, shares?: readonly HearingShare[]): CallView {
  const { fact, tenant, revision } = call;
  return {
    call: call.call,
    tenant: tenant.id,
    state: 'live',
    direction: fact.direction,
    ingress: fact.ingress,
    media: fact.media,
    started_ms: Math.max(0, Math.trunc(fact.startedWallMs)),
    config_revision: revision.revision,
    heard_by: shares === undefined ? heardLive(call) : heardIn(shares),
  };
}

/** What is known of a call's beginning. */
export type Opening = Pick<CallView, 'call' | 'direction' | 'ingress' | 'media' | 'config_revision'> & {
  readonly log: string;
  readonly at_ms: number;
};

/** A call of which there are entries alone: ended where its close is among them, otherwise nobody here knows. */
export function viewPastCall(
  opening: Opening,
  closing: Extract<Entry, { kind: 'call.close' }> | undefined,
  shares: readonly HearingShare[],
): CallView {
  const { call, log, direction, ingress, media, config_revision, at_ms } = opening;
  const ended =
    closing === undefined
      ? {}
      : { duration_ms: closing.duration_ms, reason: closing.reason, signaling: closing.signaling };
  return {
    call,
    tenant: log,
    state: closing === undefined ? 'unknown' : 'past',
    direction,
    ingress,
    media,
    started_ms: at_ms,
    ...ended,
    config_revision,
    heard_by: heardIn(shares),
  };
}

function heardIn(shares: readonly HearingShare[]): CallView['heard_by'] {
  return shares
    .filter(({ leases }) => leases > 0)
    .map(({ processor, leases, bytes }) => ({ processor, leases, bytes }));
}

/** How far its open leases have been used, by those who serve them. */
export function openUsesOf(call: LiveCall): OpenUse[] {
  return [...call.streams.values()]
    .flatMap(({ feeds }) => [...feeds.values()])
    .map(({ lease, use }) => ({ lease, capturedThroughMs: use.capturedThroughMs, bytes: use.bytes }));
}

/** Whether the processor was given audio or text of it. */
export function isGivenTo(call: LiveCall, processor: string): boolean {
  const heard = heardLive(call).some((share) => share.processor === processor);
  return heard || [...call.releases.keys()].some((reader) => reader === processor);
}

/** Accounts that are settled, and the feeds still open. */
function heardLive(call: LiveCall): CallView['heard_by'] {
  const heard = new Map<string, { leases: number; bytes: number }>();
  const add = (processor: string, leases: number, bytes: number): void => {
    const known = heard.get(processor) ?? { leases: 0, bytes: 0 };
    heard.set(processor, { leases: known.leases + leases, bytes: known.bytes + bytes });
  };
  for (const [processor, { leases, bytes }] of call.heard) add(processor, leases, bytes);
  for (const { feeds } of call.streams.values()) {
    for (const [processor, feed] of feeds) add(processor, 1, feed.use.bytes);
  }
  return [...heard].map(([processor, { leases, bytes }]) => ({ processor, leases, bytes }));
}
