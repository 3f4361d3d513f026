/**
 * Card data is being taken: nobody hears the customer until it is over. It acts first, like the kill switch: from the
 * return of `openWindow` on nothing is taken from those legs any more. What had been sent by then is recorded afterwards.
 */

import { unreachable } from '../../base/assert.ts';
import { newId, type LegId, type StreamId } from '../../base/ids.ts';
import type { RedactionSignal } from '../../model/transcript.ts';
import { capturedThroughMs, currentPositionMs } from './lease-window.ts';
import { isOver, type LiveCall, type LiveStream } from './live-calls.ts';
import { accountFor, noteEnd } from './pci-account.ts';
import { hearOthersAnew, muteStream, takeUpAgain } from './pci-hearing.ts';
import { hushes, isHushed, rememberPast, type PciEnd, type PciTrigger, type PciWindow } from './pci-state.ts';
import { addKey, hasFirm, isCustomer, mayAsk, othersOf } from './pci-triggers.ts';
import type { Deps } from './ports.ts';

export interface Opening {
  readonly trigger: PciTrigger;
  /** Customers who are heard all the same; absent: none. */
  readonly spared?: readonly LegId[] | undefined;
  /** Others who are not heard either; absent: none. */
  readonly added?: readonly LegId[] | undefined;
  /** Where on a leg's timeline card data began already; absent: it is still to come. */
  readonly begun?: { readonly leg: LegId; readonly atMs: number } | undefined;
  readonly actor?: string | undefined;
}

/** Acts on what redaction noticed in one leg's words. Never waits and never throws. */
export function heedSignals(deps: Deps, call: LiveCall, leg: LegId, signals: readonly RedactionSignal[]): void {
  for (const signal of signals) heedSignal(deps, call, leg, signal);
}

/** A key was pressed on a stream, at `atUs` on our clock: so many of them, one soon after another, are a number. */
export function heedKey(deps: Deps, call: LiveCall, stream: LiveStream, atUs: number): void {
  const { pci, fact, tenant } = call;
  if (!isCustomer(fact, stream.leg)) return;
  const run = addKey(pci.keys.get(stream.stream), atUs);
  pci.keys.set(stream.stream, run);
  const isNumber = run.keys >= tenant.redaction.pci.dtmfKeys;
  if (!isNumber && !isHushed(call, stream.leg)) return;
  openWindow(deps, call, { trigger: 'dtmf', spared: othersOf(fact, stream.leg) });
}

/**
 * Keeps everybody from hearing those legs, before it returns. One that is open already stays open longer instead, for
 * these legs too. False where there is nobody to be kept from being heard, or the tenant wants none but by API.
 */
export function openWindow(deps: Deps, call: LiveCall, opening: Opening): boolean {
  const { pci, fact, tenant } = call;
  const { enabled, maxMs } = tenant.redaction.pci;
  // What a plan obliges to is no guess of ours that a tenant might not want.
  const isBound = opening.trigger === 'api' || opening.trigger === 'entity';
  if (isOver(call) || (!enabled && !isBound)) return false;
  const legs = { spared: new Set(opening.spared), added: new Set(opening.added) };
  if (!fact.legs.some(({ leg }) => hushes(legs, fact, leg))) return false;
  const nowUs = deps.clock.monoUs();
  const untilUs = nowUs + maxMs * 1000;
  if (pci.open === undefined) {
    const { trigger, actor } = opening;
    const lastKeyUs = trigger === 'dtmf' ? nowUs : undefined;
    pci.open = { trigger, actor, ...legs, openedUs: nowUs, untilUs, lastKeyUs, streams: new Map() };
    pci.changes += 1;
    deps.metrics.counter('earshot_pci_windows_total', { trigger }).add();
    coverStreams(deps, call, pci.open, opening);
    hearOthersAnew(deps, call);
    keepWindows(deps);
  } else {
    if (extendWindow(pci.open, { ...opening, ...legs }, { nowUs, untilUs })) keepWindows(deps);
    coverStreams(deps, call, pci.open, opening);
  }
  return true;
}

/** Lets hearing be asked for again, unless the call or we end. What is open no longer does not matter. */
export function closeWindow(deps: Deps, call: LiveCall, reason: PciEnd, actor?: string): boolean {
  const { pci } = call;
  const window = pci.open;
  if (window === undefined) return false;
  pci.open = undefined;
  pci.changes += 1;
  pci.keys.clear();
  for (const [id, told] of window.streams) {
    const stream = call.streams.get(id);
    const closedMs = stream === undefined ? told.openedMs : currentPositionMs(deps, call, stream);
    told.end = { reason, closedMs: Math.max(told.openedMs, closedMs), actor };
    rememberPast(pci, told);
    noteEnd(deps, call, told);
    publishChange(deps, call, id, { state: 'closed', reason, exposedMs: told.exposedMs });
  }
  // What we leave open our successor opens again.
  if (reason === 'governance_restart') return true;
  keepWindows(deps);
  if (reason !== 'end') takeUpAgain(deps, call, window);
  return true;
}

/** We were not there before: a window that the life before us left open is open again, and so is one nobody knows of. */
export function reopenWindow(deps: Deps, call: LiveCall): void {
  const found = deps.windows?.find(call.call);
  if (found === undefined) return;
  openWindow(deps, call, { ...(found === 'unknown' ? { trigger: 'api' } : found), actor: 'node' });
}

/** Closes the windows whose time is over, and covers streams that began meanwhile. Called every few hundred ms. */
export function closeDueWindows(deps: Deps): void {
  const nowUs = deps.clock.monoUs();
  for (const call of deps.calls.all()) {
    const { open } = call.pci;
    if (open === undefined) continue;
    const { afterDtmfMs } = call.tenant.redaction.pci;
    if (nowUs >= open.untilUs) closeWindow(deps, call, 'time');
    else if (open.lastKeyUs !== undefined && nowUs - open.lastKeyUs >= afterDtmfMs * 1000) {
      closeWindow(deps, call, 'dtmf_over');
    } else coverStreams(deps, call, open);
  }
}

function keepWindows({ calls, windows }: Deps): void {
  const kept = calls.all().flatMap(({ call, pci }) => {
    if (pci.open === undefined) return [];
    const { trigger, spared, added } = pci.open;
    return [{ call, trigger, spared: [...spared], added: [...added] }];
  });
  void windows?.keep(kept);
}

function heedSignal(deps: Deps, call: LiveCall, leg: LegId, signal: RedactionSignal): void {
  const { fact } = call;
  switch (signal.kind) {
    case 'card_asked':
      if (!mayAsk(fact, leg) || isHushed(call, leg)) return;
      openWindow(deps, call, { trigger: 'question', spared: hasFirm(fact) ? [] : [leg] });
      return;
    case 'card_begun':
      if (!isCustomer(fact, leg)) return;
      openWindow(deps, call, { trigger: 'digits', spared: othersOf(fact, leg), begun: { leg, atMs: signal.atMs } });
      return;
    case 'card_over':
      if (mayEndBySaying(call, leg, signal.atMs)) closeWindow(deps, call, 'said');
      return;
    case 'pause': {
      const spared = fact.legs.map((one) => one.leg).filter((other) => other !== leg);
      openWindow(deps, call, { trigger: 'entity', spared, added: [leg], begun: { leg, atMs: signal.atMs } });
      return;
    }
    default:
      unreachable(signal);
  }
}

/**
 * Whoever opened a window by API, and what a plan obliges to, do not guess and are not ended by a guess; nor is a window by
 * what was said before it. The customer does not know when it is over.
 */
function mayEndBySaying(call: LiveCall, leg: LegId, atMs: number): boolean {
  const { open } = call.pci;
  if (open === undefined || isHushed(call, leg) || open.trigger === 'api' || open.trigger === 'entity') return false;
  const startedUs = [...call.streams.values()].find((stream) => stream.leg === leg)?.fact.startedUs ?? 0;
  return startedUs + atMs * 1000 >= open.openedUs;
}

/** Whoever was heard on for one reason is not, where another wants him not to be. True where that is somebody new. */
function extendWindow(
  window: PciWindow,
  { trigger, spared, added }: Pick<PciWindow, 'trigger' | 'spared' | 'added'>,
  { nowUs, untilUs }: { readonly nowUs: number; readonly untilUs: number },
): boolean {
  const before = window.added.size - window.spared.size;
  window.untilUs = Math.max(window.untilUs, untilUs);
  // Only keys end when keys end.
  if (trigger !== 'dtmf') window.lastKeyUs = undefined;
  else if (window.lastKeyUs !== undefined) window.lastKeyUs = nowUs;
  for (const leg of window.spared) if (!spared.has(leg)) window.spared.delete(leg);
  for (const leg of added) window.added.add(leg);
  return window.added.size - window.spared.size !== before;
}

/** Every stream of a leg nobody may hear goes silent; what began before it was noticed is counted from there. */
function coverStreams(deps: Deps, call: LiveCall, window: PciWindow, { begun }: Partial<Opening> = {}): void {
  for (const stream of call.streams.values()) {
    if (!hushes(window, call.fact, stream.leg)) continue;
    const begunMs = begun?.leg === stream.leg ? Math.max(0, Math.floor(begun.atMs)) : Infinity;
    const known = window.streams.get(stream.stream);
    if (known === undefined) coverStream(deps, call, window, stream, begunMs);
    // It began earlier than it was thought to, and nothing was said of it yet.
    else if (known.exposedMs === undefined) known.sensitiveMs = Math.min(known.sensitiveMs, begunMs);
  }
}

function coverStream(deps: Deps, call: LiveCall, window: PciWindow, stream: LiveStream, begunMs: number): void {
  const openedMs = capturedThroughMs(deps, call, stream);
  const told = {
    window: newId('window', deps.random),
    stream: stream.stream,
    leg: stream.leg,
    trigger: window.trigger,
    actor: window.actor,
    openedMs,
    sensitiveMs: Math.min(openedMs, begunMs),
    awaited: new Set([...stream.feeds.values()].map(({ lease }) => lease)),
    exposedMs: undefined,
    end: undefined,
  };
  window.streams.set(stream.stream, told);
  call.pci.unwritten.add(told);
  muteStream(deps, call, stream, openedMs);
  publishChange(deps, call, stream.stream, { state: 'opened', trigger: window.trigger });
  accountFor(deps, call, stream, told);
}

function publishChange(
  deps: Deps,
  { call, tenant }: LiveCall,
  stream: StreamId,
  change:
    | { readonly state: 'opened'; readonly trigger: PciTrigger }
    | { readonly state: 'closed'; readonly reason: PciEnd; readonly exposedMs: number | undefined },
): void {
  deps.publish({ kind: 'pci', call, tenant: tenant.id, stream, ...change });
}
