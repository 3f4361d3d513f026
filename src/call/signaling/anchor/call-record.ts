/**
 * What the anchor remembers of one call: its legs, its lines with their ports, offers under way, and what answers
 * committed. A record with no behaviour but to find its own parts; the verbs that change it stand in files beside this one.
 */

import type { CallId, LegId, RandomBytes, StreamId } from '../../../base/ids.ts';
import { newId } from '../../../base/ids.ts';
import type { SignedMedia } from '../../../model/call.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaPair, SessionState } from '../../media/session-state.ts';
import type { AnchorResult } from '../media-anchor.ts';
import type { LinePlan } from './line-plan.ts';
import type { Ours } from './ours.ts';
import type { DtlsKeying, PeerMedia } from './peer-media.ts';

/** Answerers and outstanding offers one call may have; a real one has a few. */
export const MAX_BRANCHES = 16;
export const MAX_PROPOSALS = 16;

/** A leg's name, the same for the call's life. */
export interface Leg {
  readonly leg: LegId;
}

/** What one line's session counts of one leg, the same for the call's life. */
export interface LineLeg {
  readonly stream: StreamId;
  signalingGeneration: number;
  /** What the count above last grew for. */
  latchedFor: string | undefined;
  association: number;
  /** What the association was last counted for; undefined while the leg is not keyed by DTLS. */
  associatedFor: DtlsKeying | undefined;
}

/** What a peer last said, and by which offer's exchange: an older exchange heard again changes nothing. */
export interface CommittedPeer {
  readonly media: PeerMedia;
  readonly ours: Ours;
  /** Where its media last was to go, holds apart: our keys are for that place alone (RFC 4568 §7.1.4). */
  readonly place: string | undefined;
  readonly order: number;
}

/** What offers and answers agreed so far of a line. Immutable, so that going back is keeping the old one. */
export interface CommittedMedia {
  readonly caller: CommittedPeer;
  readonly callees: ReadonlyMap<string, CommittedPeer>;
  /** Branch that media flows with. */
  readonly active: string | undefined;
}

/** One media line whose packets pass through us. */
export interface Line {
  readonly mLine: number;
  readonly mode: 'open' | 'opaque';
  readonly pairs: Readonly<Record<Side, MediaPair>>;
  /** What was made for offers under way, so that each says the same; never taken for fresh again once committed. */
  readonly fresh: Record<Side, Ours | undefined>;
  committed: CommittedMedia | undefined;
  /** The session last handed to the media pool. */
  session: SessionState | undefined;
}

export interface Proposal {
  readonly key: string;
  readonly transaction: string;
  readonly from: Side;
  /** Place in the order of this call's offers. */
  readonly order: number;
  readonly digest: string;
  readonly result: AnchorResult;
  readonly plans: readonly LinePlan[];
  /** What its lines had committed before this proposal's first answer, to return to; set by that answer. */
  before: ReadonlyMap<number, CommittedMedia> | undefined;
  /** Branches whose 2xx was seen. */
  readonly confirmed: Set<string>;
}

export interface CallRecord {
  readonly call: CallId;
  readonly tenant: RoutedTenant;
  readonly caller: Leg;
  /** By `lineLegKey`: they outlive ports that were given back. */
  readonly lineLegs: Map<string, LineLeg>;
  /** Callee legs by To tag, oldest first. */
  readonly callees: Map<string, Leg>;
  /** To tags with a 2xx. */
  readonly confirmed: Set<string>;
  /** By `proposalKey`, oldest first. */
  readonly proposals: Map<string, Proposal>;
  mode: 'none' | 'anchored' | 'bypass';
  /** Why the call's media goes by us, once it does: for the call's life, both peers having each other's addresses. */
  bypassReason: string | undefined;
  signedMedia: SignedMedia | undefined;
  /** The first audio line, the one that may be heard; undefined before it was anchored. */
  main: number | undefined;
  readonly lines: Map<number, Line>;
  /** Further lines that were left alone once, and so for good. */
  readonly left: Set<number>;
  offers: number;
  generation: number;
}

export function openRecord(call: CallId, tenant: RoutedTenant, random: RandomBytes): CallRecord {
  return {
    call,
    tenant,
    caller: newLeg(random),
    lineLegs: new Map(),
    callees: new Map(),
    confirmed: new Set(),
    proposals: new Map(),
    mode: 'none',
    bypassReason: undefined,
    signedMedia: undefined,
    main: undefined,
    lines: new Map(),
    left: new Set(),
    offers: 0,
    generation: 0,
  };
}

/** An offer from the caller is one for all branches; one from a callee belongs to its own. */
export function proposalKey(transaction: string, from: Side, branch: string): string {
  return JSON.stringify(from === 'caller' ? [transaction] : [transaction, branch]);
}

export function otherSide(side: Side): Side {
  return side === 'caller' ? 'callee' : 'caller';
}

/** A value per side, said from the point of view of one of them. */
export function bySide<Value>(side: Side, own: Value, others: Value): Readonly<Record<Side, Value>> {
  return side === 'caller' ? { caller: own, callee: others } : { caller: others, callee: own };
}

export function mainLine(record: CallRecord): Line | undefined {
  return record.main === undefined ? undefined : record.lines.get(record.main);
}

/** What was last agreed on a line with that side: with that branch, or else with the active one. */
export function committedPeer(line: Line | undefined, side: Side, branch: string): CommittedPeer | undefined {
  const committed = line?.committed;
  if (!committed || side === 'caller') return committed?.caller;
  return committed.callees.get(branch) ?? committed.callees.get(committed.active ?? '');
}

/**
 * The callee leg of a To tag, made when it is first heard of. Past the limit the oldest branch that is neither
 * confirmed nor active gives way; undefined when none does.
 */
export function ensureCalleeLeg(record: CallRecord, branch: string, random: RandomBytes): Leg | undefined {
  const known = record.callees.get(branch);
  if (known) return known;
  if (record.callees.size >= MAX_BRANCHES && !forgetOneBranch(record)) return undefined;
  const leg = newLeg(random);
  record.callees.set(branch, leg);
  return leg;
}

/** Makes room for a proposal by forgetting the oldest answered one; false when all are still open. */
export function makeRoomForProposal(record: CallRecord): boolean {
  if (record.proposals.size < MAX_PROPOSALS) return true;
  for (const proposal of record.proposals.values()) {
    if (proposal.before) return record.proposals.delete(proposal.key);
  }
  return false;
}

/** Keeps an offer under way; a second one of the same transaction takes the place of the first, not of its history. */
export function rememberProposal(
  record: CallRecord,
  proposal: Pick<Proposal, 'key' | 'transaction' | 'from' | 'digest' | 'result' | 'plans'>,
): void {
  const replaced = record.proposals.get(proposal.key);
  record.offers += 1;
  record.proposals.set(proposal.key, {
    ...proposal,
    order: record.offers,
    before: replaced?.before,
    confirmed: replaced?.confirmed ?? new Set(),
  });
  record.mode = 'anchored';
}

/** A leg nobody will hear of again. */
export function forgetLeg(record: CallRecord, tag: string, leg: LegId): void {
  record.callees.delete(tag);
  for (const key of record.lineLegs.keys()) if (key.startsWith(`${leg} `)) record.lineLegs.delete(key);
}

/** What the session of line `mLine` counts of `leg`, begun when it is first asked for. */
export function lineLeg(record: CallRecord, leg: LegId, mLine: number, random: RandomBytes): LineLeg {
  const key = `${leg} ${mLine}`;
  const known = record.lineLegs.get(key);
  if (known) return known;
  const made: LineLeg = {
    stream: newId('stream', random),
    signalingGeneration: 0,
    latchedFor: undefined,
    association: 0,
    associatedFor: undefined,
  };
  record.lineLegs.set(key, made);
  return made;
}

function forgetOneBranch(record: CallRecord): boolean {
  const lines = [...record.lines.values()];
  for (const [tag, { leg }] of record.callees) {
    if (record.confirmed.has(tag) || lines.some(({ committed }) => committed?.active === tag)) continue;
    forgetLeg(record, tag, leg);
    for (const line of lines) {
      if (line.committed) line.committed = withoutBranch(line.committed, tag);
    }
    return true;
  }
  return false;
}

function withoutBranch(committed: CommittedMedia, tag: string): CommittedMedia {
  const callees = new Map(committed.callees);
  callees.delete(tag);
  return { ...committed, callees };
}

function newLeg(random: RandomBytes): Leg {
  return { leg: newId('leg', random) };
}
