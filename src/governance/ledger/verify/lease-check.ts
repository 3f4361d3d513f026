/**
 * Lease arithmetic of one ledger: every use belongs to an open lease, stays inside its window and budget, and a closed
 * call's account is the sum of its leases. Judged per entry where order within a chain suffices, the rest at the end.
 */

import type { Entry } from '../../../model/evidence.ts';
import { judgeCalls } from './call-accounts.ts';
import type { Findings, Place } from './findings.ts';
import type { LeaseAccount, Of } from './lease-account.ts';

/** Longest a lease may reach ahead of the audio captured so far. */
const MAX_AHEAD_MS = 30_000;

export class LeaseCheck {
  readonly #findings: Findings;
  readonly #leases = new Map<string, LeaseAccount>();
  readonly #calls = new Map<string, Of<'call.close'>>();
  /** Opens and last renewals by place, for a `void` that may follow. */
  readonly #opens = new Map<string, LeaseAccount>();
  readonly #renewals = new Map<string, LeaseAccount>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(entry: Entry): void {
    if (entry.kind === 'lease.open') this.#open(entry);
    if (entry.kind === 'lease.renew') this.#renew(entry);
    if (entry.kind === 'lease.close') this.#close(entry);
    if (entry.kind === 'void') {
      const voided = this.#opens.get(placeName(entry, entry.voided_seq));
      if (voided) voided.isVoided = true;
      this.#voidRenewal(placeName(entry, entry.voided_seq));
      if (entry.voided_seq >= entry.seq) this.#fail('void_of_nothing', entry);
    }
    if (entry.kind === 'call.close') {
      const name = `${entry.log}\n${entry.call}`;
      if (this.#calls.has(name)) this.#fail('call_closed_twice', entry);
      this.#calls.set(name, entry);
    }
  }

  get leases(): Iterable<LeaseAccount> {
    return this.#leases.values();
  }

  finish(): void {
    for (const lease of this.#leases.values()) this.#judge(lease);
    judgeCalls(this.#calls, [...this.#leases.values()], (code, place) => this.#fail(code, place));
  }

  #open(entry: Of<'lease.open'>): void {
    const lease = this.#leaseOf(entry);
    if (lease.open) this.#fail('lease_opened_twice', entry);
    lease.open ??= entry;
    this.#opens.set(placeName(entry, entry.seq), lease);
    const aheadMs = entry.through_ms - entry.from_ms;
    if (aheadMs < 0 || aheadMs > MAX_AHEAD_MS) this.#fail('window_too_long', entry);
  }

  #renew(entry: Of<'lease.renew'>): void {
    const lease = this.#leaseOf(entry);
    const aheadMs = entry.through_ms - entry.captured_through_ms;
    if (aheadMs < 0 || aheadMs > MAX_AHEAD_MS) this.#fail('window_too_long', entry);
    if (lease.close && isSameChain(lease.close, entry)) this.#fail('renewed_after_close', entry);
    const last = lease.renewal;
    if (last) {
      const isForward =
        entry.n > last.n &&
        entry.through_ms >= last.through_ms &&
        entry.captured_through_ms >= last.captured_through_ms &&
        entry.bytes >= last.bytes &&
        entry.max_bytes >= last.max_bytes;
      if (!isForward) this.#fail('renewal_backwards', entry);
    }
    const window = last ?? lease.open;
    if (window) this.#checkUse(entry, entry, window);
    if (last) this.#renewals.delete(placeName(last, last.seq));
    lease.renewalBefore = last;
    lease.renewal = entry;
    this.#renewals.set(placeName(entry, entry.seq), lease);
  }

  /** It was not known in time to be durable, so it was never acted upon: the window before it holds. */
  #voidRenewal(place: string): void {
    const lease = this.#renewals.get(place);
    if (!lease) return;
    this.#renewals.delete(place);
    lease.renewal = lease.renewalBefore;
  }

  #close(entry: Of<'lease.close'>): void {
    const lease = this.#leaseOf(entry);
    // Two accounts of one dead writer may say the same thing twice; anything else is a second ending.
    const isRepeated = lease.close?.bytes === 'unknown' && entry.bytes === 'unknown';
    if (lease.close && !isRepeated) this.#fail('lease_closed_twice', entry);
    lease.close ??= entry;
  }

  #judge(lease: LeaseAccount): void {
    const { open, renewal, close } = lease;
    if (!open) {
      this.#fail('lease_never_opened', close ?? renewal);
      return;
    }
    for (const later of [renewal, close]) {
      if (!later) continue;
      const isSame = later.call === open.call && later.stream === open.stream && later.processor === open.processor;
      if (!isSame) this.#fail('lease_of_another', later);
    }
    if (lease.isVoided && (renewal || (close && close.bytes !== 0))) this.#fail('used_though_void', close ?? renewal);
    if (!close) return;
    const window = renewal ?? open;
    this.#checkUse(close, { ...close, bytes: close.bytes === 'unknown' ? 0 : close.bytes }, window);
    if (close.max_bytes !== window.max_bytes) this.#fail('budget_changed_by_close', close);
    if (renewal && close.bytes !== 'unknown' && close.bytes < renewal.bytes) this.#fail('renewal_backwards', close);
  }

  /** Use is measured against the window that was in force while it happened. */
  #checkUse(
    place: Place,
    use: { readonly captured_through_ms: number; readonly bytes: number },
    window: { readonly through_ms: number; readonly max_bytes: number },
  ): void {
    if (use.captured_through_ms > window.through_ms) this.#fail('captured_past_window', place);
    if (use.bytes > window.max_bytes) this.#fail('bytes_past_budget', place);
  }

  #leaseOf(entry: { readonly log: string; readonly lease: string }): LeaseAccount {
    const name = `${entry.log}\n${entry.lease}`;
    const known = this.#leases.get(name);
    if (known) return known;
    const lease = { open: undefined, isVoided: false, renewal: undefined, renewalBefore: undefined, close: undefined };
    this.#leases.set(name, lease);
    return lease;
  }

  #fail(code: string, place: Place | undefined): void {
    if (place) this.#findings.add('lease_arithmetic', code, place);
  }
}

function isSameChain(a: Place, b: Place): boolean {
  return a.log === b.log && a.node === b.node && a.epoch === b.epoch;
}

function placeName({ log, node, epoch }: Place, seq: number): string {
  return `${log}\n${node}\n${epoch}\n${seq}`;
}
