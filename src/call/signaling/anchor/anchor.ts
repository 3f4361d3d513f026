/**
 * Anchors calls' audio at this node: an offer proposes, its answer commits, a refusal rolls back. Decides at once from
 * what it holds; it never waits, never opens a socket, and never says a key but in the SDP it is for.
 */

import { createHash } from 'node:crypto';
import { unreachable } from '../../../base/assert.ts';
import type { CallId, RandomBytes } from '../../../base/ids.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { SignedMedia } from '../../../model/call.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import { scanSdp } from '../../../protocol/sdp/scan.ts';
import type { MediaPair } from '../../media/session-state.ts';
import type { AnchorResult, MediaAnchor, MediaFacts } from '../media-anchor.ts';
import type { CallRecord } from './call-record.ts';
import {
  ensureCalleeLeg,
  forgetLeg,
  makeRoomForProposal,
  openRecord,
  otherSide,
  proposalKey,
  rememberProposal,
} from './call-record.ts';
import { commitAnswer, confirmBranch, hasAgreed, rollBack } from './commit.ts';
import { describeMedia } from './legs.ts';
import { planOffer } from './plan-offer.ts';
import type { MediaPorts } from './ports.ts';
import { releaseLines } from './ports.ts';
import { readAnswer } from './read-answer.ts';
import { readRecord, saveRecord } from './record-state.ts';
import { nextSession } from './session.ts';

type Offer = Parameters<MediaAnchor['offer']>[0];
type Answer = Parameters<MediaAnchor['answer']>[0];

export interface AnchorParts {
  readonly ports: MediaPorts;
  readonly random: RandomBytes;
  readonly metrics: Metrics;
  /** Our certificate's name; undefined where the addon that speaks DTLS is not there. */
  readonly dtls?: { readonly fingerprint: string } | undefined;
}

export class Anchor implements MediaAnchor {
  readonly #parts: AnchorParts;
  readonly #calls = new Map<CallId, CallRecord>();

  constructor(parts: AnchorParts) {
    this.#parts = parts;
  }

  /** A living call as data; undefined when there is none. It holds keys. */
  state(call: CallId): unknown {
    const record = this.#calls.get(call);
    return record && saveRecord(record);
  }

  /** Goes on with what `state` said in an earlier life. Its sessions are the media pool's to restore, and these ports. */
  restore(state: unknown): readonly MediaPair[] {
    const record = readRecord(state);
    this.#calls.set(record.call, record);
    return [...record.lines.values()].flatMap(({ pairs }) => [pairs.caller, pairs.callee]);
  }

  open(call: CallId, tenant: RoutedTenant): void {
    if (!this.#calls.has(call)) this.#calls.set(call, openRecord(call, tenant, this.#parts.random));
  }

  offer(offer: Offer): AnchorResult {
    return this.#count('offer', this.#offer(offer));
  }

  answer(answer: Answer): AnchorResult {
    return this.#count('answer', this.#answer(answer));
  }

  confirm(confirmed: { readonly call: CallId; readonly transaction: string; readonly branch: string }): void {
    const record = this.#calls.get(confirmed.call);
    if (!record || !ensureCalleeLeg(record, confirmed.branch, this.#parts.random)) return;
    confirmBranch(record, confirmed.transaction, confirmed.branch);
    this.#apply(record);
  }

  refuse(refused: { readonly call: CallId; readonly transaction: string }): void {
    const record = this.#calls.get(refused.call);
    if (!record) return;
    rollBack(record, refused.transaction);
    this.#releaseUnlessUsed(record);
    this.#apply(record);
  }

  end(call: CallId): void {
    const record = this.#calls.get(call);
    if (!record) return;
    this.#release(record);
    this.#calls.delete(call);
  }

  describe(call: CallId): MediaFacts {
    const record = this.#calls.get(call);
    return record ? describeMedia(record) : { media: 'none', legs: [] };
  }

  #offer(offer: Offer): AnchorResult {
    const record = this.#calls.get(offer.call);
    if (!record) return untouched('unknown_call');
    if (record.tenant.mediaMode === 'signaling-only') return untouched('signaling_only');
    if (record.bypassReason !== undefined) return untouched(record.bypassReason);
    if (offer.signed) return this.#leaveSigned(record, offer.signed);
    const key = proposalKey(offer.transaction, offer.from, offer.branch);
    const digest = createHash('sha256').update(offer.sdp).digest('base64');
    const repeated = record.proposals.get(key);
    if (repeated?.digest === digest) return repeated.result;
    return this.#plan(record, offer, { key, digest });
  }

  #plan(record: CallRecord, offer: Offer, name: { readonly key: string; readonly digest: string }): AnchorResult {
    const { ports, random, dtls } = this.#parts;
    const { transaction, from, branch } = offer;
    const scan = scanSdp(offer.sdp);
    if (scan.kind === 'refused') return reject(400, scan.reason);
    if (!makeRoomForProposal(record)) return reject(491, 'too_many_offers');
    const parts = { ports, random, fingerprint: dtls?.fingerprint };
    const planned = planOffer(record, { from, branch, sdp: scan.sdp }, parts);
    switch (planned.kind) {
      case 'plan': {
        const { plans, edits } = planned;
        const isReleased = edits.length === 0 && plans.every(({ kind }) => kind === 'released');
        const result: AnchorResult = isReleased ? untouched('released') : { kind: 'edit', edits };
        rememberProposal(record, { ...name, transaction, from, result, plans });
        return result;
      }
      case 'no_audio':
        return untouched('no_audio');
      case 'forbidden':
        this.#releaseUnlessUsed(record);
        return reject(488, planned.reason);
      case 'unavailable':
        this.#releaseUnlessUsed(record);
        return this.#withoutMedia(record, planned.reason);
      default:
        return unreachable(planned);
    }
  }

  /** A call already anchored keeps the session it has; a new one is the tenant's choice. */
  #withoutMedia(record: CallRecord, reason: string): AnchorResult {
    if (record.mode === 'anchored') return reject(488, reason);
    if (record.tenant.onMediaUnavailable === 'reject') return reject(reason === 'no_port' ? 503 : 488, reason);
    return passBy(record, reason);
  }

  /**
   * SDP under a signature is never edited. An anchored call cannot pass by in the middle of its life without telling one
   * peer the other's keys, or making a secure leg plain: then the offer is refused, and the session goes on as it was.
   */
  #leaveSigned(record: CallRecord, signed: SignedMedia): AnchorResult {
    const reason = `signed_sdp:${signed}`;
    if (record.tenant.onSignedMedia === 'reject' || record.mode === 'anchored') return reject(403, reason);
    record.signedMedia = signed;
    return passBy(record, reason);
  }

  #answer(answer: Answer): AnchorResult {
    const record = this.#calls.get(answer.call);
    if (!record) return untouched('unknown_call');
    const leg = ensureCalleeLeg(record, answer.branch, this.#parts.random);
    const proposal = record.proposals.get(proposalKey(answer.transaction, otherSide(answer.from), answer.branch));
    if (!proposal) return untouched(record.bypassReason ?? 'no_offer');
    const scan = scanSdp(answer.sdp);
    if (scan.kind === 'refused') return untouched(scan.reason);
    const read = readAnswer(record, proposal, scan.sdp, leg !== undefined);
    for (const reason of read.refused) {
      this.#parts.metrics.counter('earshot_anchor_lines_closed_total', { reason }).add();
    }
    if (leg) commitAnswer(record, proposal, answer.branch, read.lines);
    this.#apply(record);
    return proposal.result.kind === 'untouched' ? proposal.result : { kind: 'edit', edits: read.edits };
  }

  #apply(record: CallRecord): void {
    for (const line of record.lines.values()) {
      const session = nextSession(record, line, this.#parts.random);
      if (!session) continue;
      line.session = session;
      record.generation = session.generation;
      this.#parts.ports.apply(session);
    }
  }

  #releaseUnlessUsed(record: CallRecord): void {
    if (!hasAgreed(record) && record.proposals.size === 0) this.#release(record);
  }

  /** Gives everything back: the record is as it was opened, but for its caller leg and its counts. */
  #release(record: CallRecord): void {
    releaseLines(record, this.#parts.ports);
    record.proposals.clear();
    for (const [tag, { leg }] of record.callees) if (!record.confirmed.has(tag)) forgetLeg(record, tag, leg);
    record.main = undefined;
    if (record.mode === 'anchored') record.mode = 'none';
  }

  #count(step: 'offer' | 'answer', result: AnchorResult): AnchorResult {
    const reason = result.kind === 'edit' ? 'none' : result.reason;
    this.#parts.metrics.counter('earshot_anchor_total', { step, result: result.kind, reason }).add();
    return result;
  }
}

/** For the call's life: its peers will have each other's addresses. */
function passBy(record: CallRecord, reason: string): AnchorResult {
  record.mode = 'bypass';
  record.bypassReason = reason;
  return untouched(reason);
}

function untouched(reason: string): AnchorResult {
  return { kind: 'untouched', reason };
}

const PHRASES = {
  400: 'Bad Request',
  403: 'Forbidden',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  503: 'Service Unavailable',
} as const;

function reject(status: keyof typeof PHRASES, reason: string): AnchorResult {
  return { kind: 'reject', status, phrase: PHRASES[status], reason };
}
