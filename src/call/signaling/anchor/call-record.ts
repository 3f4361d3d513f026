/**
 * What the anchor remembers of one call: its legs, its ports, offers under way, and the media its answers committed.
 * A record with no behaviour; the verbs that change it stand in the files beside this one.
 */

import type { CallId, LegId, RandomBytes, StreamId } from '../../../base/ids.ts';
import { newId } from '../../../base/ids.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaPair, SessionState, SrtpKey } from '../../media/session-state.ts';
import type { AnchorResult } from '../media-anchor.ts';
import type { PeerMedia, Profile } from './peer-media.ts';

/** Answerers and outstanding offers one call may have; a real one has a few. */
export const MAX_BRANCHES = 16;
export const MAX_PROPOSALS = 16;

/** A leg's names, the same for the call's life, and what its signaling generation was last counted for. */
export interface Leg {
  readonly leg: LegId;
  readonly stream: StreamId;
  signalingGeneration: number;
  latchedFor: string | undefined;
}

/** What an offer would make of the call once answered. */
export interface Plan {
  readonly mLine: number;
  readonly offerer: PeerMedia;
  /** What each side's leg is to be; undefined while the line is closed and nothing was ever agreed. */
  readonly profiles: Readonly<Record<Side, Profile | undefined>>;
  /** Our sending keys per side. */
  readonly sendKeys: Readonly<Record<Side, SrtpKey | null>>;
  /** Tag of the offerer's crypto line that we accept, to be echoed in its answer (RFC 4568 §5.1.2). */
  readonly echoTag: number | undefined;
  /** `closed`: the line's port is 0. `released`: the line is no longer audio and is none of ours. */
  readonly line: 'open' | 'closed' | 'released';
}

export interface Proposal {
  readonly key: string;
  readonly transaction: string;
  readonly from: Side;
  /** Place in the order of this call's offers. */
  readonly order: number;
  readonly digest: string;
  readonly result: AnchorResult;
  readonly plan: Plan;
  /** The committed media before this proposal's first answer, to return to; set by that answer. */
  before: { readonly committed: CommittedMedia | undefined } | undefined;
  /** Branches whose 2xx was seen. */
  readonly confirmed: Set<string>;
}

/** What a peer last said, and by which offer's exchange: an older exchange heard again changes nothing. */
export interface CommittedPeer {
  readonly media: PeerMedia;
  readonly order: number;
}

/** What offers and answers agreed so far. Immutable, so that going back is keeping the old one. */
export interface CommittedMedia {
  readonly mLine: number;
  readonly caller: CommittedPeer;
  readonly callees: ReadonlyMap<string, CommittedPeer>;
  readonly sendKeys: Readonly<Record<Side, SrtpKey | null>>;
  readonly order: number;
  /** Branch that media flows with. */
  readonly active: string | undefined;
}

export interface CallRecord {
  readonly call: CallId;
  readonly tenant: RoutedTenant;
  readonly caller: Leg;
  /** Callee legs by To tag, oldest first. */
  readonly callees: Map<string, Leg>;
  /** To tags with a 2xx. */
  readonly confirmed: Set<string>;
  /** By `proposalKey`, oldest first. */
  readonly proposals: Map<string, Proposal>;
  mode: 'none' | 'anchored' | 'bypass';
  /** Why the call's media goes by us, once it does: for the call's life, both peers having each other's addresses. */
  bypassReason: string | undefined;
  pairs: Readonly<Record<Side, MediaPair>> | undefined;
  /** Keys made for offers under way, so that each says the same; never used again once committed. */
  readonly freshKeys: Record<Side, SrtpKey | undefined>;
  mLine: number | undefined;
  committed: CommittedMedia | undefined;
  offers: number;
  generation: number;
  /** The session last handed to the media pool. */
  session: SessionState | undefined;
}

export function openRecord(call: CallId, tenant: RoutedTenant, random: RandomBytes): CallRecord {
  return {
    call,
    tenant,
    caller: newLeg(random),
    callees: new Map(),
    confirmed: new Set(),
    proposals: new Map(),
    mode: 'none',
    bypassReason: undefined,
    pairs: undefined,
    freshKeys: { caller: undefined, callee: undefined },
    mLine: undefined,
    committed: undefined,
    offers: 0,
    generation: 0,
    session: undefined,
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
  proposal: Pick<Proposal, 'key' | 'transaction' | 'from' | 'digest' | 'result' | 'plan'>,
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
  record.mLine = proposal.plan.mLine;
}

function forgetOneBranch(record: CallRecord): boolean {
  const { committed } = record;
  for (const tag of record.callees.keys()) {
    if (record.confirmed.has(tag) || committed?.active === tag) continue;
    record.callees.delete(tag);
    if (committed) record.committed = withoutBranch(committed, tag);
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
  return { leg: newId('leg', random), stream: newId('stream', random), signalingGeneration: 0, latchedFor: undefined };
}
