/**
 * What is remembered of card data being taken in one call: which legs nobody hears meanwhile, since where on their
 * timelines, and until when. It only remembers; `pci-window.ts` acts.
 */

import type { LeaseId, LegId, StreamId, WindowId } from '../../base/ids.ts';
import type { CallFact } from '../../model/call.ts';
import type { EntryBody } from '../../model/evidence.ts';
import { isCustomer, type KeyRun } from './pci-triggers.ts';

export type PciTrigger = Extract<EntryBody, { kind: 'pci.open' }>['trigger'];
export type PciEnd = Extract<EntryBody, { kind: 'pci.close' }>['reason'];

/** What a window means for one stream, and what its two entries will say. */
export interface StreamWindow {
  readonly window: WindowId;
  readonly stream: StreamId;
  readonly leg: LegId;
  readonly trigger: PciTrigger;
  readonly actor: string | undefined;
  /** From where on nobody hears. */
  openedMs: number;
  /** Where the first of what nobody may hear was said. */
  sensitiveMs: number;
  /** Leases whose accounts are not in yet. */
  readonly awaited: Set<LeaseId>;
  /** How much of it was sent since `sensitiveMs`; undefined until `pci.open` is written. */
  exposedMs: number | undefined;
  end: { readonly reason: PciEnd; readonly closedMs: number; readonly actor: string | undefined } | undefined;
}

export interface PciWindow {
  readonly trigger: PciTrigger;
  readonly actor: string | undefined;
  /** Customers who are heard all the same, and others who are not. */
  readonly spared: Set<LegId>;
  readonly added: Set<LegId>;
  /** When it was opened, and when it closes if nothing happens, on our clock. */
  readonly openedUs: number;
  untilUs: number;
  /** The last key, where keys alone hold it open. */
  lastKeyUs: number | undefined;
  readonly streams: Map<StreamId, StreamWindow>;
}

export interface CallPci {
  open: PciWindow | undefined;
  /** How often a window was opened or closed: what was decided before that was another question. */
  changes: number;
  /** Of streams whose `pci.open` is not written, because accounts are missing. */
  readonly unwritten: Set<StreamWindow>;
  /** The newest that are over. */
  readonly past: StreamWindow[];
  readonly keys: Map<StreamId, KeyRun>;
}

/** What of a call has to be known to say whom nobody hears. */
export interface Hearable {
  readonly fact: CallFact;
  readonly pci: CallPci;
}

/** Text of windows older than these was released, or withheld, long ago. */
const MAX_PAST = 64;

export function noWindows(): CallPci {
  return { open: undefined, changes: 0, unwritten: new Set(), past: [], keys: new Map() };
}

/** Whether card data is being taken in the call. */
export function isTakingCard({ pci }: Pick<Hearable, 'pci'>): boolean {
  return pci.open !== undefined;
}

/** Whether nobody may hear the leg now, whatever policy says. */
export function isHushed({ fact, pci }: Hearable, leg: LegId): boolean {
  return pci.open !== undefined && hushes(pci.open, fact, leg);
}

/** Customers but for those spared, and who was added. */
export function hushes({ spared, added }: Pick<PciWindow, 'spared' | 'added'>, fact: CallFact, leg: LegId): boolean {
  return added.has(leg) || (isCustomer(fact, leg) && !spared.has(leg));
}

/** Whether any of a leg's words of that span, on its stream's timeline, were said while nobody might hear it. */
export function isSaidInWindow(
  { pci }: Pick<Hearable, 'pci'>,
  leg: LegId,
  span: { readonly startMs: number; readonly endMs: number },
): boolean {
  const windows = [...(pci.open?.streams.values() ?? []), ...pci.past];
  return windows.some((window) => window.leg === leg && span.endMs > window.openedMs && span.startMs < endOf(window));
}

/** After a call's last window comes nothing, whatever a recogniser says of when it was. */
function endOf({ end }: StreamWindow): number {
  return end === undefined || end.reason === 'end' ? Infinity : end.closedMs;
}

/** What policy is told of a leg's words: of one that is heard on, whether card data is being taken now. */
export function wasTakingCard(
  subject: Hearable,
  leg: LegId,
  span: { readonly startMs: number; readonly endMs: number },
): boolean {
  return isSaidInWindow(subject, leg, span) || (isTakingCard(subject) && !isHushed(subject, leg));
}

/** Before this nobody may hear the stream any more: its last window ends there. */
export function lastEndMs({ past }: CallPci, stream: StreamId): number {
  return Math.max(0, ...past.map((window) => (window.stream === stream ? (window.end?.closedMs ?? 0) : 0)));
}

export function rememberPast(pci: CallPci, window: StreamWindow): void {
  pci.past.push(window);
  if (pci.past.length > MAX_PAST) pci.past.shift();
}
