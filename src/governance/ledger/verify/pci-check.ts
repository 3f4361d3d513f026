/**
 * Windows in which card data was taken: each ends, nothing was heard or released of its stream meanwhile, and what the
 * ledger admits was sent is all that its leases account for. An admitted exposure is honest, and fails all the same.
 */

import type { Findings, Place } from './findings.ts';
import type { LeaseAccount, Of } from './lease-account.ts';
import type { Entry } from '../../../model/evidence.ts';

/** What was sent in all windows together though it should not have been. */
export interface PciFigures {
  readonly windows: number;
  readonly exposedMs: number;
  /** Of those windows where it is known. */
  readonly exposedBytes: number;
  /** Windows of which nobody knows how many bytes were sent. */
  readonly unknown: number;
}

interface Window {
  open: Of<'pci.open'>;
  close: Of<'pci.close'> | undefined;
}

interface Release extends Place {
  readonly from_ms: number;
}

export class PciCheck {
  readonly #findings: Findings;
  readonly #windows = new Map<string, Window>();
  readonly #ended = new Map<string, Place>();
  /** Epochs whose writer died: what it left open ended with it. */
  readonly #abandoned = new Set<string>();
  readonly #releases = new Map<string, Release[]>();
  #isContradicted = false;
  #figures: PciFigures = { windows: 0, exposedMs: 0, exposedBytes: 0, unknown: 0 };

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get figures(): PciFigures {
    return this.#figures;
  }

  /** Whether entries speak against each other. An exposure that is admitted is none of that: the evidence of it holds. */
  get isContradicted(): boolean {
    return this.#isContradicted;
  }

  add(entry: Entry): void {
    switch (entry.kind) {
      case 'pci.open':
        this.#open(entry);
        return;
      case 'pci.close':
        this.#close(entry);
        return;
      case 'call.close':
        this.#ended.set(`${entry.log}\n${entry.call}`, placeOf(entry));
        return;
      case 'epoch.abandoned':
        this.#abandoned.add(`${entry.abandoned.log}\n${entry.abandoned.epoch}`);
        return;
      case 'release.request':
        this.#noteRelease(entry);
        return;
      default:
        return;
    }
  }

  finish(leases: Iterable<LeaseAccount>): void {
    if (this.#windows.size === 0) return;
    const byStream = groupByStream(leases);
    for (const window of this.#windows.values()) {
      const stream = `${window.open.log}\n${window.open.stream}`;
      this.#judgeEnd(window);
      for (const lease of byStream.get(stream) ?? []) this.#judgeLease(window, lease);
      for (const release of this.#releases.get(stream) ?? []) {
        if (isWithin(window, release.from_ms)) this.#fail('text_in_window', release);
      }
    }
  }

  #open(entry: Of<'pci.open'>): void {
    const name = `${entry.log}\n${entry.window}`;
    if (this.#windows.has(name)) {
      this.#fail('opened_twice', entry);
      return;
    }
    this.#windows.set(name, { open: entry, close: undefined });
    const { exposed_ms: ms, exposed_bytes: bytes } = entry;
    const known = this.#figures;
    this.#figures = {
      windows: known.windows + 1,
      exposedMs: known.exposedMs + ms,
      exposedBytes: known.exposedBytes + (bytes === 'unknown' ? 0 : bytes),
      unknown: known.unknown + (bytes === 'unknown' ? 1 : 0),
    };
    if (ms > 0 || bytes !== 0) this.#findings.add('pci_windows', 'exposed', entry);
    if (entry.sensitive_ms > entry.opened_ms) this.#fail('sensitive_after_opening', entry);
  }

  #close(entry: Of<'pci.close'>): void {
    const window = this.#windows.get(`${entry.log}\n${entry.window}`);
    if (window === undefined) {
      this.#fail('close_of_nothing', entry);
      return;
    }
    if (window.close !== undefined) this.#fail('closed_twice', entry);
    window.close ??= entry;
    const isSame = entry.call === window.open.call && entry.stream === window.open.stream;
    if (!isSame) this.#fail('close_of_another', entry);
    if (entry.closed_ms < window.open.opened_ms) this.#fail('closed_before_opening', entry);
  }

  #judgeEnd({ open, close }: Window): void {
    if (close !== undefined || this.#abandoned.has(`${open.log}\n${open.epoch}`)) return;
    const ended = this.#ended.get(`${open.log}\n${open.call}`);
    if (ended !== undefined) this.#fail('window_never_closed', ended);
  }

  #judgeLease(window: Window, { open, renewal, close, isVoided }: LeaseAccount): void {
    if (open === undefined || isVoided || !isJudged(window, open, close)) return;
    const { opened_ms: openedMs, sensitive_ms: sensitiveMs, exposed_ms: exposedMs } = window.open;
    if (isWithin(window, open.from_ms)) this.#fail('lease_in_window', open);
    if (renewal && isWithin(window, renewal.captured_through_ms)) this.#fail('lease_in_window', renewal);
    if (open.from_ms > openedMs) return;
    if (close === undefined) {
      this.#fail('lease_through_window', open);
      return;
    }
    const sentMs = close.captured_through_ms - Math.max(sensitiveMs, open.from_ms);
    if (sentMs > exposedMs) this.#fail('exposure_understated', close);
  }

  #noteRelease(entry: Of<'release.request'>): void {
    const stream = `${entry.log}\n${entry.stream}`;
    const releases = this.#releases.get(stream) ?? [];
    this.#releases.set(stream, releases);
    releases.push({ ...placeOf(entry), from_ms: entry.from_ms });
  }

  #fail(code: string, place: Place): void {
    this.#isContradicted = true;
    this.#findings.add('pci_windows', code, place);
  }
}

/** Whether that is a position nobody might hear: after the opening, before the close. */
function isWithin({ open, close }: Window, positionMs: number): boolean {
  return positionMs > open.opened_ms && positionMs < (close?.closed_ms ?? Infinity);
}

/**
 * Leases that began after the window are no matter of it. Of one whose writer died before, the account says what its
 * window covered and not what was sent; nor could a later writer's window be overrun by it.
 */
function isJudged(window: Window, open: Of<'lease.open'>, close: Of<'lease.close'> | undefined): boolean {
  if (window.close !== undefined && open.from_ms >= window.close.closed_ms) return false;
  if (close === undefined || window.close === undefined) return open.epoch === window.open.epoch;
  return !(close.reason === 'governance_restart' && close.epoch !== open.epoch);
}

function groupByStream(leases: Iterable<LeaseAccount>): ReadonlyMap<string, readonly LeaseAccount[]> {
  const streams = new Map<string, LeaseAccount[]>();
  for (const lease of leases) {
    if (lease.open === undefined) continue;
    const name = `${lease.open.log}\n${lease.open.stream}`;
    const group = streams.get(name);
    if (group) group.push(lease);
    else streams.set(name, [lease]);
  }
  return streams;
}

function placeOf({ log, node, epoch, seq }: Place): Place {
  return { log, node, epoch, seq };
}
