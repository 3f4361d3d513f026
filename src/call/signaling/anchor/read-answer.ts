/**
 * What an answer makes of an offer of ours: the answerer's media line by line, and the edits that point the offerer at us.
 * An answer that takes less security than was offered closes the line for the offerer; it never goes on in the clear.
 */

import { assert } from '../../../base/assert.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';
import { rewriteSdp } from '../../../protocol/sdp/rewrite.ts';
import type { SectionEdit } from '../../../protocol/sdp/section-edit.ts';
import type { Splice } from '../../../protocol/splice.ts';
import type { CallRecord, Line, Proposal } from './call-record.ts';
import { otherSide } from './call-record.ts';
import type { LinePlan } from './line-plan.ts';
import type { PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isAudio, isReachableBy, PLAIN } from './peer-media.ts';
import { LEFT_TO_ICE } from './peer-place.ts';
import type { AnswerRefusal } from './read-answered.ts';
import { readAnswered } from './read-answered.ts';
import { readRelayed } from './read-relayed.ts';
import { closedSection, openSection, relayedSection } from './section-words.ts';

export type LineRefusal = AnswerRefusal | 'address_family' | 'too_many_branches' | 'bundle';

/** What the answerer's media is on each line; a line that is missing is none of ours. */
export type AnsweredLines = ReadonlyMap<number, PeerMedia>;

export interface ReadAnswer {
  readonly lines: AnsweredLines;
  readonly edits: readonly Splice[];
  /** Why we closed lines that the answerer had accepted. */
  readonly refused: readonly LineRefusal[];
}

interface AnsweredLine {
  /** Undefined for a line that has no session. */
  readonly media: PeerMedia | undefined;
  readonly edit: SectionEdit | undefined;
  readonly refused?: LineRefusal;
}

/** Reads the answer `sdp` to `proposal`. `hasLeg` is false when the call has all the branches it may have. */
export function readAnswer(record: CallRecord, proposal: Proposal, sdp: Sdp, hasLeg: boolean): ReadAnswer {
  const lines = new Map<number, PeerMedia>();
  const edits = new Map<number, SectionEdit>();
  const refused: LineRefusal[] = [];
  for (const plan of proposal.plans) {
    const section = sdp.media[plan.mLine];
    const read = section ? readLine(record, proposal, plan, { sdp, section, hasLeg }) : IDLE;
    if (read.media) lines.set(plan.mLine, read.media);
    if (read.edit) edits.set(plan.mLine, read.edit);
    if (read.refused) refused.push(read.refused);
  }
  return { lines, edits: rewriteSdp(sdp, edits), refused };
}

const IDLE: AnsweredLine = { media: IDLE_MEDIA, edit: undefined };

interface Answer {
  readonly sdp: Sdp;
  readonly section: MediaSection;
  readonly hasLeg: boolean;
}

function readLine(record: CallRecord, { from }: Proposal, plan: LinePlan, answer: Answer): AnsweredLine {
  const isClosed = answer.section.media.port.value === 0;
  switch (plan.kind) {
    case 'released':
      return IDLE;
    case 'barred':
      return { media: IDLE_MEDIA, edit: { kind: 'closed' }, ...(isClosed ? {} : { refused: 'bundle' }) };
    case 'closed':
      if (!isAudio(answer.section)) return IDLE;
      return { media: IDLE_MEDIA, edit: closedSection(plan.transports[from]) };
    case 'relayed':
      if (isClosed) return IDLE;
      return answer.hasLeg ? relayLine(record, from, plan, answer) : refuseRelayed('too_many_branches');
    case 'open':
      if (!isAudio(answer.section)) return IDLE;
      if (isClosed) return { media: IDLE_MEDIA, edit: closedSection(plan.reply.transport) };
      return answer.hasLeg ? acceptLine(record, from, plan, answer) : closeLine(plan, 'too_many_branches');
  }
}

function acceptLine(
  record: CallRecord,
  from: Proposal['from'],
  plan: Extract<LinePlan, { readonly kind: 'open' }>,
  { sdp, section }: Answer,
): AnsweredLine {
  const { pairs } = lineOf(record, plan);
  const answered = readAnswered(sdp, section, plan.asked);
  if (answered.kind === 'refused') return closeLine(plan, answered.reason);
  const { media } = answered;
  const edit = openSection(pairs[from], plan.reply);
  if (isReachableBy(media, pairs[otherSide(from)].family)) return { media, edit };
  return media.ice ? { media: { ...media, ...LEFT_TO_ICE }, edit } : closeLine(plan, 'address_family');
}

function closeLine(plan: Extract<LinePlan, { readonly kind: 'open' }>, refused: LineRefusal): AnsweredLine {
  return { media: IDLE_MEDIA, edit: closedSection(plan.reply.transport), refused };
}

/** What the peers agreed among themselves is theirs to judge, but for a key that is gone from it. */
function relayLine(
  record: CallRecord,
  from: Proposal['from'],
  plan: Extract<LinePlan, { readonly kind: 'relayed' }>,
  { sdp, section }: Answer,
): AnsweredLine {
  const { pairs } = lineOf(record, plan);
  const wasSecure = readRtpProfile(plan.transport)?.secure === true;
  if (wasSecure && readRtpProfile(section.media.proto.value)?.secure !== true) return refuseRelayed('profile_mismatch');
  const media = readRelayed(sdp, section);
  if (!media) return refuseRelayed('address');
  if (!isReachableBy(media, pairs[otherSide(from)].family)) return refuseRelayed('address_family');
  // Muxed only where both say so; each sends to whichever of our ports it thinks right.
  const rtcpMux = media.rtcpMux && plan.offerer.rtcpMux;
  return { media: { ...media, rtcpMux, keying: PLAIN }, edit: relayedSection(pairs[from]) };
}

function refuseRelayed(refused: LineRefusal): AnsweredLine {
  return { media: IDLE_MEDIA, edit: { kind: 'closed' }, refused };
}

function lineOf(record: CallRecord, { mLine }: LinePlan): Line {
  const line = record.lines.get(mLine);
  assert(line, 'an open line has ports');
  return line;
}
