/** One call in full: who heard or read how much of it, what was refused and why, and where the gaps are. */

import { asTenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { CallDetail, CallView } from '../../model/api/calls.ts';
import { readCallEntries } from '../../store/call-query.ts';
import { matches } from '../access/condition.ts';
import { CallAccount } from '../ledger/accounts/call-account.ts';
import type { GapSpan } from '../ledger/accounts/gap-account.ts';
import type { HearingShare } from '../ledger/accounts/hearing-account.ts';
import type { WindowAccount } from '../ledger/accounts/window-account.ts';
import { entryOf } from '../ledger/stored-entry.ts';
import { AskError } from './administration.ts';
import { openUsesOf, viewLiveCall, viewPastCall, type Opening } from './call-views.ts';
import type { CallQuestionDeps } from './list-calls.ts';
import type { LiveCall } from './live-calls.ts';
import { streamsOf } from './live-view.ts';
import { conditionFor, scopeOf } from './question-scope.ts';
import { answerRecorded } from './recorded-answer.ts';

const UNKNOWN = 'unknown';

export type DescribeCall = (principal: Principal, call: string) => Promise<CallDetail>;

/**
 * Throws NOT_FOUND for a call that nobody knows or that is out of reach, FORBIDDEN, UNAVAILABLE, or the ledger's error.
 * Where it is recorded is looked up first, so that the read is an entry in that tenant's log and in no other.
 */
export function describeCallOf(deps: CallQuestionDeps): DescribeCall {
  return async (principal, call) => {
    const condition = conditionFor(principal, 'Call');
    const live = deps.live().find((one) => one.call === call && matches(condition, { tenant: one.tenant.id }));
    const log = live?.tenant.id ?? (await scopeOf(deps, principal, { subject: 'Call', call })).tenants[0];
    if (log === undefined) throw new AskError('NOT_FOUND', 'there is no such call');
    const asked = { route: '/v1/calls/{call}', tenants: [asTenantId(log)], call };
    return answerRecorded(deps, principal, asked, {
      answer: async () => {
        const account = new CallAccount();
        for await (const row of readCallEntries(deps.database, { calls: [{ log, call }], condition })) {
          account.add(entryOf(row), row.is_voided);
        }
        return tellCall({ call, log }, account, live);
      },
      rowsOf: () => 1,
    });
  };
}

function tellCall(
  name: { readonly call: string; readonly log: string },
  account: CallAccount,
  live: LiveCall | undefined,
): CallDetail {
  const shares = account.hearing.shares(live === undefined ? [] : openUsesOf(live));
  return {
    ...(live === undefined ? viewRecorded(name, account, shares) : viewLiveCall(live, shares)),
    ...(live === undefined ? {} : { streams: streamsOf(live) }),
    processors: shares.map(tellShare),
    refusals: account.refusals.refusals().map((refusal) => ({ ...refusal, rules: [...refusal.rules] })),
    gaps: account.gaps.gaps().map(tellGap),
    pci: tellWindows(account.windows),
    entries: account.entries,
  };
}

function viewRecorded(
  { call, log }: { readonly call: string; readonly log: string },
  { opening, closing, firstMs }: CallAccount,
  shares: readonly HearingShare[],
): CallView {
  // Its opening may have been among notes that were lost: what it was is not known then, who heard it is.
  const lost: Opening = {
    call,
    log,
    direction: UNKNOWN,
    ingress: UNKNOWN,
    media: UNKNOWN,
    config_revision: 0,
    at_ms: firstMs ?? 0,
  };
  return viewPastCall(opening ?? lost, closing, shares);
}

function tellShare(share: HearingShare): CallDetail['processors'][number] {
  const { processor, hears, terms, leases, audioMs, bytes, bytesUnknownMax, releases, chars } = share;
  const lists = { hears: [...hears], terms: [...terms] };
  return { processor, ...lists, leases, audio_ms: audioMs, bytes, bytes_unknown_max: bytesUnknownMax, releases, chars };
}

function tellGap({ fromMs, toMs, ...gap }: GapSpan): CallDetail['gaps'][number] {
  return { ...gap, from_ms: fromMs, to_ms: toMs };
}

function tellWindows(account: WindowAccount): CallDetail['pci'] {
  const { windows, exposedMs, exposedBytes, unknown } = account.sum;
  return {
    windows,
    exposed_ms: exposedMs,
    exposed_bytes: exposedBytes,
    unknown,
    first: account.spans().map(({ opening, closing }) => ({
      window: opening.window,
      stream: opening.stream,
      trigger: opening.trigger,
      opened_ms: opening.opened_ms,
      sensitive_ms: opening.sensitive_ms,
      exposed_ms: opening.exposed_ms,
      exposed_bytes: opening.exposed_bytes,
      ...(closing === undefined ? {} : { closed_ms: closing.closed_ms, reason: closing.reason }),
    })),
  };
}
