/**
 * Anchors calls' audio at this node: an offer proposes, its answer commits, a refusal rolls back. Decides at once from
 * what it holds; it never waits, never opens a socket, and never says a key but in the SDP it is for.
 */

import { createHash } from 'node:crypto';
import { unreachable } from '../../../base/assert.ts';
import type { CallId, RandomBytes } from '../../../base/ids.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import type { LegFact } from '../../../model/call.ts';
import { scanSdp } from '../../../protocol/sdp/scan.ts';
import type { AnchorResult, MediaAnchor } from '../media-anchor.ts';
import type { CallRecord } from './call-record.ts';
import {
  ensureCalleeLeg,
  makeRoomForProposal,
  openRecord,
  otherSide,
  proposalKey,
  rememberProposal,
} from './call-record.ts';
import { commitAnswer, confirmBranch, rollBack } from './commit.ts';
import { describeLegs } from './legs.ts';
import { planOffer } from './plan-offer.ts';
import type { MediaPorts } from './ports.ts';
import { readAnswer } from './read-answer.ts';
import { nextSession } from './session.ts';

type Offer = Parameters<MediaAnchor['offer']>[0];
type Answer = Parameters<MediaAnchor['answer']>[0];

export interface AnchorParts {
  readonly ports: MediaPorts;
  readonly random: RandomBytes;
  readonly metrics: Metrics;
}

export class Anchor implements MediaAnchor {
  readonly #parts: AnchorParts;
  readonly #calls = new Map<CallId, CallRecord>();

  constructor(parts: AnchorParts) {
    this.#parts = parts;
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

  describe(call: CallId): { media: 'anchored' | 'bypass' | 'none'; legs: LegFact[] } {
    const record = this.#calls.get(call);
    return record ? { media: record.mode, legs: describeLegs(record) } : { media: 'none', legs: [] };
  }

  #offer(offer: Offer): AnchorResult {
    const record = this.#calls.get(offer.call);
    if (!record) return untouched('unknown_call');
    if (record.bypassReason !== undefined) return untouched(record.bypassReason);
    const key = proposalKey(offer.transaction, offer.from, offer.branch);
    const digest = createHash('sha256').update(offer.sdp).digest('base64');
    const repeated = record.proposals.get(key);
    if (repeated?.digest === digest) return repeated.result;
    const scan = scanSdp(offer.sdp);
    if (scan.kind === 'refused') return reject(400, scan.reason);
    if (!makeRoomForProposal(record)) return reject(491, 'too_many_offers');
    const planned = planOffer(record, offer.from, scan.sdp, this.#parts);
    switch (planned.kind) {
      case 'plan': {
        const { plan, edits } = planned;
        const result: AnchorResult = plan.line === 'released' ? untouched('released') : { kind: 'edit', edits };
        const { transaction, from } = offer;
        rememberProposal(record, { key, transaction, from, digest, result, plan });
        return result;
      }
      case 'no_audio':
        return untouched('no_audio');
      case 'profile_refused':
        return reject(488, 'profile_refused');
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
    record.mode = 'bypass';
    record.bypassReason = reason;
    return untouched(reason);
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
    if (read.refused) this.#parts.metrics.counter('earshot_anchor_lines_closed_total', { reason: read.refused }).add();
    if (leg) commitAnswer(record, proposal, answer.branch, read.answerer);
    this.#apply(record);
    return proposal.plan.line === 'released' ? untouched('released') : { kind: 'edit', edits: read.edits };
  }

  #apply(record: CallRecord): void {
    const session = nextSession(record);
    if (!session) return;
    record.session = session;
    record.generation = session.generation;
    this.#parts.ports.apply(session);
  }

  #releaseUnlessUsed(record: CallRecord): void {
    if (!record.committed && record.proposals.size === 0) this.#release(record);
  }

  /** Gives everything back: the record is as it was opened, but for its caller leg and its counts. */
  #release(record: CallRecord): void {
    if (record.session) this.#parts.ports.end(record.call);
    else if (record.pairs) Object.values(record.pairs).forEach((pair) => this.#parts.ports.freePair(pair));
    record.proposals.clear();
    for (const tag of record.callees.keys()) if (!record.confirmed.has(tag)) record.callees.delete(tag);
    record.freshKeys.caller = record.freshKeys.callee = undefined;
    record.pairs = record.session = record.committed = record.mLine = undefined;
    if (record.mode === 'anchored') record.mode = 'none';
  }

  #count(step: 'offer' | 'answer', result: AnchorResult): AnchorResult {
    const reason = result.kind === 'edit' ? 'none' : result.reason;
    this.#parts.metrics.counter('earshot_anchor_total', { step, result: result.kind, reason }).add();
    return result;
  }
}

function untouched(reason: string): AnchorResult {
  return { kind: 'untouched', reason };
}

const PHRASES = {
  400: 'Bad Request',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  503: 'Service Unavailable',
} as const;

function reject(status: keyof typeof PHRASES, reason: string): AnchorResult {
  return { kind: 'reject', status, phrase: PHRASES[status], reason };
}
