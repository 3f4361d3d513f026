/**
 * The two entries of a window and a stream. The first is written once every lease it closed has told what it sent, or
 * could not in time; the second always after it. Nobody waits for either.
 */

import { capturedThroughMs } from './lease-window.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import { exposureOf, type SpentLease } from './pci-exposure.ts';
import type { StreamWindow } from './pci-state.ts';
import type { Deps } from './ports.ts';

/** How long the account of a lease is waited for. */
const ACCOUNT_LIMIT_MS = 2000;
/** Nobody answers a question sooner. */
const REACTION_MS = 250;
/** Leases that are over and may still be asked about: card data is noticed some seconds after it was said. */
const MAX_SPENT = 16;

/** Remembers what was sent under a lease that is over, and tells the windows that waited for it. */
export function noteSpent(deps: Deps, call: LiveCall, stream: LiveStream, spent: SpentLease): void {
  stream.spent.push(spent);
  if (stream.spent.length > MAX_SPENT) stream.spent.shift();
  for (const window of [...call.pci.unwritten]) {
    if (window.awaited.delete(spent.lease) && window.awaited.size === 0) writeOpening(deps, call, stream, window);
  }
}

/** Writes that a window opened as soon as its accounts are in. */
export function accountFor(deps: Deps, call: LiveCall, stream: LiveStream, window: StreamWindow): void {
  if (window.awaited.size === 0) {
    writeOpening(deps, call, stream, window);
    return;
  }
  deps.clock.after(ACCOUNT_LIMIT_MS, () => writeOpening(deps, call, stream, window));
}

/** Writes that it is over: now, or right after the entry that it began. */
export function noteEnd(deps: Deps, call: LiveCall, window: StreamWindow): void {
  const { end } = window;
  if (end === undefined || window.exposedMs === undefined) return;
  deps.ledger.note(call.tenant.id, {
    kind: 'pci.close',
    call: call.call,
    window: window.window,
    stream: window.stream,
    reason: end.reason,
    closed_ms: Math.max(end.closedMs, window.openedMs),
    ...(end.actor === undefined ? {} : { actor: end.actor }),
  });
}

/** What was sent under this lease; nothing more than what its window covers, where it cannot be known. */
export function spentOf(feed: Feed, bytes: number | 'unknown', positionMs: number): SpentLease {
  const { lease, fromMs, throughMs, use, grant } = feed;
  const throughAtMost = Math.max(Math.min(positionMs, throughMs), Math.round(use.capturedThroughMs));
  return {
    lease,
    processor: grant.processor.id,
    fromMs,
    capturedThroughMs: bytes === 'unknown' ? throughAtMost : Math.round(use.capturedThroughMs),
    bytes,
    bytesPerMs: (grant.processor.sampleRateHz * 2) / 1000,
  };
}

/**
 * A window that opens before card data is said begins where the last worker let go, as long as that is sooner than anybody
 * can begin to say it.
 */
function startWithSilence(window: StreamWindow, leases: readonly SpentLease[]): void {
  const reachMs = Math.max(window.openedMs, ...leases.map((lease) => lease.capturedThroughMs));
  window.openedMs = Math.min(reachMs, window.openedMs + REACTION_MS);
  window.sensitiveMs = window.openedMs;
}

function writeOpening(deps: Deps, call: LiveCall, stream: LiveStream, window: StreamWindow): void {
  if (!call.pci.unwritten.delete(window)) return;
  const leases = leasesOf(deps, call, stream, window);
  if (window.sensitiveMs === window.openedMs) startWithSilence(window, leases);
  const { exposedMs, exposedBytes } = exposureOf(leases, window.sensitiveMs);
  window.exposedMs = exposedMs;
  deps.metrics.counter('earshot_pci_exposed_ms_total').add(exposedMs);
  deps.ledger.note(call.tenant.id, {
    kind: 'pci.open',
    call: call.call,
    window: window.window,
    stream: window.stream,
    trigger: window.trigger,
    opened_ms: window.openedMs,
    sensitive_ms: window.sensitiveMs,
    exposed_ms: exposedMs,
    exposed_bytes: exposedBytes,
    ...(window.actor === undefined ? {} : { actor: window.actor }),
  });
  noteEnd(deps, call, window);
}

/** Those of before the window, and those that have not told: they may have sent everything until now. */
function leasesOf(deps: Deps, call: LiveCall, stream: LiveStream, window: StreamWindow): SpentLease[] {
  const positionMs = capturedThroughMs(deps, call, stream);
  const silent = [...stream.feeds.values()].filter(({ lease }) => window.awaited.has(lease));
  const before = stream.spent.filter(({ fromMs }) => fromMs < (window.end?.closedMs ?? Infinity));
  return [...before, ...silent.map((feed) => spentOf(feed, 'unknown', positionMs))];
}
