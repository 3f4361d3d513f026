/**
 * What a dead writer left: its epochs are ended so that it can never write again, and what it left open is put into
 * words. Over-states what may have been sent and never guesses what was.
 */

import type { EntryBody } from '../../model/evidence.ts';
import type { OpenLease } from '../../store/entries.ts';
import type { EpochRow } from '../../store/schema.ts';
import type { ChainStore } from './chain-store.ts';
import type { Receipt } from './ledger.ts';

export interface Abandonment {
  readonly epochs: readonly EpochRow[];
  /** Last entry of every chain of those epochs. */
  readonly heads: readonly Receipt[];
  /** Leases opened by the dead writer and never closed. */
  readonly leases: readonly OpenLease[];
}

/** A lease is renewed at least this often, so an open one is named in the dead epoch or just before it. */
const RENEWED_WITHIN_MS = 60_000;

/**
 * Ends every epoch of `node`, or with `before` those opened before that one, and returns what was found. May be
 * repeated until the entries about it are durable.
 */
export async function abandonEpochs(
  store: ChainStore,
  options: { readonly node: string; readonly before: string | undefined; readonly nowMs: number },
): Promise<Abandonment> {
  const epochs = await store.findUnaccountedEpochs(options);
  const [oldest] = epochs;
  if (!oldest) return { epochs: [], heads: [], leases: [] };
  for (const epoch of epochs) await store.endEpoch({ ...epoch, how: 'abandoned', at_ms: options.nowMs });
  const heads: Receipt[] = [];
  for (const epoch of epochs) heads.push(...(await store.findHeads(epoch)));
  const before = await store.findClosedEpochs(options.node, oldest.opened_ms - RENEWED_WITHIN_MS);
  return { epochs, heads, leases: await store.findOpenLeases([...before, ...epochs]) };
}

/** The entries that account for it, each with its log. */
export function accountForRemains(found: Abandonment): { readonly log: string; readonly body: EntryBody }[] {
  const entries: { log: string; body: EntryBody }[] = [];
  for (const head of found.heads) entries.push({ log: head.log, body: { kind: 'epoch.abandoned', abandoned: head } });
  for (const lease of found.leases) entries.push({ log: lease.log, body: closeLease(lease) });
  for (const leases of groupByStream(found.leases)) entries.push({ log: leases[0].log, body: markGap(leases) });
  return entries;
}

function closeLease(open: OpenLease): EntryBody {
  return {
    kind: 'lease.close',
    call: open.call,
    lease: open.lease,
    stream: open.stream,
    processor: open.processor,
    reason: 'governance_restart',
    // Anything up to the end of the window may have been sent.
    captured_through_ms: open.through_ms,
    bytes: 'unknown',
    max_bytes: open.max_bytes,
  };
}

function markGap([first, ...others]: readonly [OpenLease, ...OpenLease[]]): EntryBody {
  const leases = [first, ...others];
  return {
    kind: 'gap',
    call: first.call,
    stream: first.stream,
    reason: 'governance_restart',
    from_ms: Math.min(...leases.map((lease) => lease.captured_through_ms)),
    to_ms: Math.max(...leases.map((lease) => lease.through_ms)),
    count: 1,
  };
}

function groupByStream(leases: readonly OpenLease[]): (readonly [OpenLease, ...OpenLease[]])[] {
  const streams = new Map<string, [OpenLease, ...OpenLease[]]>();
  for (const lease of leases) {
    const name = `${lease.log}/${lease.stream}`;
    const group = streams.get(name);
    if (group) group.push(lease);
    else streams.set(name, [lease]);
  }
  return [...streams.values()];
}
