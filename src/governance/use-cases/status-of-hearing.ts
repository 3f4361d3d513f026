/** Governance at a glance, for its heartbeat: numbers, digests and states of the whole node, and nothing of any tenant. */

import type { Revision } from '../../model/tenant.ts';
import type { LiveCall } from './live-calls.ts';
import { lagMs, openFeeds, readersOf } from './live-view.ts';
import { isTakingCard } from './pci-state.ts';
import type { RevocationList } from './revocation-list.ts';

export interface HearingKnown {
  readonly calls: readonly LiveCall[];
  readonly ledger: {
    readonly isAvailable: boolean;
    /** Entries that wait for their place. */ readonly waiting: number;
  };
  readonly isDatabaseReachable: boolean;
  /** SHA-256 of the bundles in force; undefined for one that was refused. */
  readonly policy: { readonly default: string | undefined; readonly guardrail: string | undefined };
  /** The configuration in force; undefined while there is none. */
  readonly revision: Revision | undefined;
  readonly revocations: RevocationList;
}

/** Status fields of the heartbeat. Counts are of this moment; a digest that is not known is the empty text. */
export function statusOf(known: HearingKnown): HearingStatus {
  const { calls, ledger, policy, revision, revocations } = known;
  const streams = calls.flatMap((call) => [...call.streams.values()].map((stream) => ({ call, stream })));
  const feeds = streams.flatMap(({ stream }) => openFeeds(stream).map((feed) => ({ stream, feed })));
  const inForce = revocations.inForce;
  return {
    calls: calls.length,
    taps: streams.filter(({ stream }) => stream.tap !== undefined).length,
    leases: feeds.length,
    readers: streams.reduce((sum, { call, stream }) => sum + readersOf(call, stream).length, 0),
    lag_ms: feeds.reduce((slowest, { stream, feed }) => Math.max(slowest, lagMs(stream, feed)), 0),
    pci_windows: calls.filter(isTakingCard).length,
    releases_waiting: calls
      .flatMap(({ releases }) => [...releases.values()])
      .reduce((sum, { pending }) => sum + pending, 0),
    ledger: ledger.isAvailable,
    ledger_waiting: ledger.waiting,
    database: known.isDatabaseReachable,
    policy_default: policy.default ?? '',
    policy_guardrail: policy.guardrail ?? '',
    tenants: revision?.tenants.length ?? 0,
    tenants_with_policy: revision?.tenants.filter((tenant) => tenant.policy !== undefined).length ?? 0,
    revocations: inForce.length,
    revocations_unrecorded: revocations.all.filter(({ unrecorded }) => unrecorded.length > 0).length,
    revision: revision?.revision ?? 0,
    config_digest: revision?.digest ?? '',
  };
}

/** As `PlaneHealth` wants it: `earshot status --json` shows it under `planes.governance`. */
export interface HearingStatus extends Readonly<Record<string, number | string | boolean>> {
  readonly calls: number;
  readonly taps: number;
  readonly leases: number;
  /** Text readers of streams. */
  readonly readers: number;
  /** Of the slowest feed. */
  readonly lag_ms: number;
  /** Calls in which card data is being taken. */
  readonly pci_windows: number;
  readonly releases_waiting: number;
  readonly ledger: boolean;
  readonly ledger_waiting: number;
  readonly database: boolean;
  readonly policy_default: string;
  readonly policy_guardrail: string;
  readonly tenants: number;
  readonly tenants_with_policy: number;
  readonly revocations: number;
  readonly revocations_unrecorded: number;
  readonly revision: number;
  readonly config_digest: string;
}
