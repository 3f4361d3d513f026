/**
 * Names of next hops as addresses, looked up in the background so that a call waits at most once, and then briefly.
 * Bounded in names, waiters and lookups; a name that once resolved keeps its last addresses while lookups fail.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { readIpAddress } from '../../protocol/sip/ip-address.ts';
import type { SignalingLimits } from './limits.ts';

/** All addresses of a name, best first. */
export type Lookup = (name: string) => Promise<readonly string[]>;

interface Entry {
  addresses: readonly string[];
  freshUntilUs: number;
  looking: boolean;
  /** Named in the routes: never evicted. */
  kept: boolean;
  waiting: ((addresses: readonly string[]) => void)[];
}

const MAX_LOOKUPS = 16;
/** A name that did not resolve is not asked for again at once, or every call to a dead name would be a lookup. */
const RETRY_FAILED_MS = 2000;
const NONE: readonly string[] = [];

export class NameResolver {
  readonly #clock: Clock;
  readonly #lookup: Lookup;
  readonly #limits: SignalingLimits;
  readonly #entries = new Map<string, Entry>();
  #lookups = 0;
  #waiters = 0;

  constructor(options: { readonly clock: Clock; readonly lookup: Lookup; readonly limits: SignalingLimits }) {
    this.#clock = options.clock;
    this.#lookup = options.lookup;
    this.#limits = options.limits;
  }

  /** Addresses known now, without waiting; starts a lookup when they are missing or old. */
  known(host: string): readonly string[] {
    if (readIpAddress(host)) return [host.replace(/^\[|\]$/g, '')];
    const entry = this.#entry(host);
    if (!entry) return NONE;
    if (this.#clock.monoUs() >= entry.freshUntilUs) this.#refresh(host, entry);
    return entry.addresses;
  }

  /** Calls `done` once: at once when known, else when the first lookup ends or its deadline passes (with none). */
  resolve(host: string, done: (addresses: readonly string[]) => void): void {
    const known = this.known(host);
    const entry = this.#entries.get(host.toLowerCase());
    const worthWaiting = known.length === 0 && entry?.looking && this.#waiters < this.#limits.maxNameWaiters;
    if (worthWaiting) this.#wait(entry, done);
    else done(known);
  }

  /** Names the routes use: kept warm, and looked up before a call asks. */
  keep(hosts: readonly string[]): void {
    for (const entry of this.#entries.values()) entry.kept = false;
    for (const host of hosts) {
      if (readIpAddress(host)) continue;
      this.known(host);
      const entry = this.#entries.get(host.toLowerCase());
      if (entry) entry.kept = true;
    }
  }

  #wait(entry: Entry, done: (addresses: readonly string[]) => void): void {
    let settled = false;
    let cancel: Cancel | undefined = undefined;
    const settle = (addresses: readonly string[]): void => {
      if (settled) return;
      settled = true;
      this.#waiters -= 1;
      cancel?.();
      done(addresses);
    };
    this.#waiters += 1;
    entry.waiting.push(settle);
    cancel = this.#clock.after(this.#limits.resolveTimeoutMs, () => {
      entry.waiting = entry.waiting.filter((other) => other !== settle);
      settle(NONE);
    });
  }

  #entry(host: string): Entry | undefined {
    const name = host.toLowerCase();
    const known = this.#entries.get(name);
    if (known) return known;
    if (this.#entries.size >= this.#limits.maxNames && !this.#evict()) return undefined;
    const entry: Entry = { addresses: NONE, freshUntilUs: 0, looking: false, kept: false, waiting: [] };
    this.#entries.set(name, entry);
    return entry;
  }

  /** The oldest name that no route uses and nobody waits for makes room. */
  #evict(): boolean {
    for (const [name, entry] of this.#entries) {
      if (entry.kept || entry.looking) continue;
      this.#entries.delete(name);
      return true;
    }
    return false;
  }

  #refresh(host: string, entry: Entry): void {
    if (entry.looking || this.#lookups >= MAX_LOOKUPS) return;
    entry.looking = true;
    this.#lookups += 1;
    this.#lookup(host).then(
      (addresses) => this.#finish(entry, addresses),
      () => this.#finish(entry, NONE),
    );
  }

  #finish(entry: Entry, addresses: readonly string[]): void {
    this.#lookups -= 1;
    entry.looking = false;
    const freshMs = addresses.length > 0 ? this.#limits.resolveTtlMs : RETRY_FAILED_MS;
    entry.freshUntilUs = this.#clock.monoUs() + freshMs * 1000;
    if (addresses.length > 0) entry.addresses = addresses;
    const waiting = entry.waiting;
    entry.waiting = [];
    for (const done of waiting) done(entry.addresses);
  }
}
