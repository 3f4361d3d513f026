/**
 * Who heard or read a call, and how much, from its leases and releases in whatever order they come. What nobody could
 * count is told as the most it can have been; what never took effect is not told at all.
 */

import type { Entry } from '../../../model/evidence.ts';
import type { Hears } from '../../../model/tenant.ts';

/** One processor's share of a call. */
export interface HearingShare {
  readonly processor: string;
  readonly hears: readonly Hears[];
  /** Hashes of the terms it was given the call under. */
  readonly terms: readonly string[];
  readonly leases: number;
  /** On the streams' timelines, summed over leases. */
  readonly audioMs: number;
  readonly bytes: number;
  /** At most this many more. */
  readonly bytesUnknownMax: number;
  readonly releases: number;
  readonly chars: number;
}

/** How far a lease that is still open has been used, from who is serving it now. */
export interface OpenUse {
  readonly lease: string;
  readonly capturedThroughMs: number;
  readonly bytes: number;
}

type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

/** Positions and bytes only ever grow, so the furthest of what was said is the newest, whatever the clocks said. */
interface LeaseStory {
  readonly processor: string;
  open: Of<'lease.open'> | undefined;
  close: Of<'lease.close'> | undefined;
  isVoided: boolean;
  capturedThroughMs: number;
  bytes: number;
  mostBytes: number;
}

interface ReleaseStory {
  request: Of<'release.request'> | undefined;
  outcome: Of<'release.outcome'> | undefined;
}

interface Share {
  readonly hears: Set<Hears>;
  readonly terms: Set<string>;
  leases: number;
  audioMs: number;
  bytes: number;
  bytesUnknownMax: number;
  releases: number;
  chars: number;
}

export class HearingAccount {
  readonly #leases = new Map<string, LeaseStory>();
  readonly #releases = new Map<string, ReleaseStory>();

  /** A voided renewal or request was never acted upon; a voided lease was never used. */
  add(entry: Entry, isVoided: boolean): void {
    switch (entry.kind) {
      case 'lease.open': {
        const lease = this.#leaseOf(entry);
        lease.open = entry;
        lease.isVoided ||= isVoided;
        reach(lease, { capturedThroughMs: entry.from_ms, bytes: 0, mostBytes: entry.max_bytes });
        return;
      }
      case 'lease.renew': {
        const { captured_through_ms: capturedThroughMs, bytes, max_bytes: mostBytes } = entry;
        if (!isVoided) reach(this.#leaseOf(entry), { capturedThroughMs, bytes, mostBytes });
        return;
      }
      case 'lease.close':
        this.#leaseOf(entry).close ??= entry;
        return;
      case 'release.request':
        if (!isVoided) this.#releaseOf(entry.release).request = entry;
        return;
      case 'release.outcome':
        this.#releaseOf(entry.release).outcome = entry;
        return;
      default:
        return;
    }
  }

  /** Whether a close leaves open how much was sent, or is missing: then renewals say more. */
  get isUncertain(): boolean {
    return [...this.#leases.values()].some(({ isVoided, close }) => !isVoided && typeof close?.bytes !== 'number');
  }

  /** Every processor by name. */
  shares(openUses: readonly OpenUse[] = []): HearingShare[] {
    const shares = new Map<string, Share>();
    const uses = new Map(openUses.map((use) => [use.lease, use]));
    for (const [name, lease] of this.#leases) addLease(shares, lease, uses.get(name));
    for (const release of this.#releases.values()) addRelease(shares, release);
    return [...shares]
      .map(([processor, share]) => ({
        processor,
        ...share,
        hears: [...share.hears].sort(),
        terms: [...share.terms].sort(),
      }))
      .sort((a, b) => (a.processor < b.processor ? -1 : 1));
  }

  #leaseOf({ lease: name, processor }: { readonly lease: string; readonly processor: string }): LeaseStory {
    const known = this.#leases.get(name);
    if (known !== undefined) return known;
    const use = { capturedThroughMs: 0, bytes: 0, mostBytes: 0 };
    const lease: LeaseStory = { processor, open: undefined, close: undefined, isVoided: false, ...use };
    this.#leases.set(name, lease);
    return lease;
  }

  #releaseOf(name: string): ReleaseStory {
    const known = this.#releases.get(name);
    if (known !== undefined) return known;
    const release: ReleaseStory = { request: undefined, outcome: undefined };
    this.#releases.set(name, release);
    return release;
  }
}

interface Use {
  readonly capturedThroughMs: number;
  readonly bytes: number;
  readonly mostBytes: number;
}

function reach(lease: LeaseStory, use: Use): void {
  lease.capturedThroughMs = Math.max(lease.capturedThroughMs, use.capturedThroughMs);
  lease.bytes = Math.max(lease.bytes, use.bytes);
  lease.mostBytes = Math.max(lease.mostBytes, use.mostBytes);
}

function addLease(shares: Map<string, Share>, lease: LeaseStory, openUse: OpenUse | undefined): void {
  const { processor, open, isVoided } = lease;
  if (isVoided) return;
  const share = shareOf(shares, processor);
  const use = useOf(lease, openUse);
  share.leases += 1;
  // Where the opening is missing nobody knows since when.
  if (open !== undefined) share.audioMs += Math.max(0, use.capturedThroughMs - open.from_ms);
  share.bytes += use.bytes;
  share.bytesUnknownMax += Math.max(0, use.mostBytes - use.bytes);
  if (open === undefined) return;
  share.hears.add(open.hears);
  share.terms.add(open.terms);
}

/** Closed: as the close says. Open and served here: as far as that is. Otherwise all it allowed may have been sent. */
function useOf({ close, capturedThroughMs, bytes, mostBytes }: LeaseStory, openUse: OpenUse | undefined): Use {
  if (close !== undefined) {
    const captured = Math.max(capturedThroughMs, close.captured_through_ms);
    if (close.bytes === 'unknown') return { capturedThroughMs: captured, bytes, mostBytes: close.max_bytes };
    return { capturedThroughMs: captured, bytes: close.bytes, mostBytes: close.bytes };
  }
  if (openUse === undefined) return { capturedThroughMs, bytes, mostBytes };
  const served = Math.max(bytes, openUse.bytes);
  const captured = Math.max(capturedThroughMs, Math.round(openUse.capturedThroughMs));
  return { capturedThroughMs: captured, bytes: served, mostBytes: served };
}

/** One whose outcome says that nothing was sent was not read; one without an outcome may have been. */
function addRelease(shares: Map<string, Share>, { request, outcome }: ReleaseStory): void {
  if (request === undefined || outcome?.sent_bytes === 0) return;
  const share = shareOf(shares, request.processor);
  share.hears.add('text');
  share.terms.add(request.terms);
  share.releases += 1;
  share.chars += request.chars;
}

function shareOf(shares: Map<string, Share>, processor: string): Share {
  const known = shares.get(processor);
  if (known !== undefined) return known;
  const share: Share = {
    hears: new Set(),
    terms: new Set(),
    leases: 0,
    audioMs: 0,
    bytes: 0,
    bytesUnknownMax: 0,
    releases: 0,
    chars: 0,
  };
  shares.set(processor, share);
  return share;
}
