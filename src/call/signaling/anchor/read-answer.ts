/**
 * What an answer makes of an offer of ours: the answerer's media, and the edits that point the offerer at us.
 * An answer that takes less security than was offered closes the line for the offerer; it never goes on in the clear.
 */

import { assert } from '../../../base/assert.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { rewriteSection } from '../../../protocol/sdp/rewrite.ts';
import type { Splice } from '../../../protocol/splice.ts';
import type { CallRecord, Proposal } from './call-record.ts';
import { otherSide } from './call-record.ts';
import type { AnswerRefusal, PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isAudio, isReachableBy, readAnswered } from './peer-media.ts';
import { OFFERED_TAG } from './plan-offer.ts';
import { closedSection, openSection } from './section-edit.ts';

export type LineRefusal = AnswerRefusal | 'too_many_branches';

export interface ReadAnswer {
  readonly answerer: PeerMedia;
  readonly edits: readonly Splice[];
  /** Why we closed a line that the answerer had accepted. */
  readonly refused: LineRefusal | undefined;
}

/** Reads the answer `sdp` to `proposal`. `hasLeg` is false when the call has all the branches it may have. */
export function readAnswer(record: CallRecord, proposal: Proposal, sdp: Sdp, hasLeg: boolean): ReadAnswer {
  const { plan } = proposal;
  const section = sdp.media[plan.mLine];
  if (plan.line === 'released' || !section || !isAudio(section)) {
    return { answerer: IDLE_MEDIA, edits: [], refused: undefined };
  }
  if (plan.line === 'closed' || section.media.port.value === 0) return closeLine(proposal, sdp, undefined);
  if (!hasLeg) return closeLine(proposal, sdp, 'too_many_branches');
  return acceptLine(record, proposal, sdp, section);
}

function acceptLine(record: CallRecord, proposal: Proposal, sdp: Sdp, section: MediaSection): ReadAnswer {
  const { plan, from } = proposal;
  const answerer = otherSide(from);
  const profile = plan.profiles[answerer];
  assert(record.pairs && profile, 'an open line has ports and profiles');
  const answered = readAnswered(sdp, section, { profile, tag: OFFERED_TAG, ourKey: plan.sendKeys[answerer] });
  if (answered.kind === 'refused') return closeLine(proposal, sdp, answered.reason);
  if (!isReachableBy(answered.media, record.pairs[answerer].family)) return closeLine(proposal, sdp, 'address_family');
  const offererKey = plan.sendKeys[from];
  const crypto = offererKey && plan.echoTag !== undefined ? { tag: plan.echoTag, key: offererKey } : undefined;
  const edits = rewriteSection(sdp, plan.mLine, openSection(record.pairs[from], crypto));
  return { answerer: answered.media, edits, refused: undefined };
}

function closeLine(proposal: Proposal, sdp: Sdp, refused: LineRefusal | undefined): ReadAnswer {
  const edits = rewriteSection(sdp, proposal.plan.mLine, closedSection(proposal.plan.profiles[proposal.from]));
  return { answerer: IDLE_MEDIA, edits, refused };
}
