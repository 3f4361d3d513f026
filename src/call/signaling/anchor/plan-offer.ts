/**
 * What becomes of an offer: which of its lines pass through us, and what the other side is to read instead.
 * It takes ports and makes keys for plans; nothing is committed here.
 */

import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';
import { rewriteSdp } from '../../../protocol/sdp/rewrite.ts';
import type { SectionEdit } from '../../../protocol/sdp/section-edit.ts';
import { bundledWith } from './barriers.ts';
import type { CallRecord } from './call-record.ts';
import { mainLine, otherSide } from './call-record.ts';
import { mayBePlain } from './floor.ts';
import { closedPlan, planOpenLine } from './plan-open-line.ts';
import { planOtherLines, planRelayedLine } from './plan-relayed.ts';
import { isAudio } from './peer-media.ts';
import type { OfferFrom, OfferParts, PlannedLine, PlannedOffer } from './planned.ts';
import { closedSection } from './section-words.ts';

/** Plans an offer: the first open audio line, or the one anchored before; then the lines beside it. */
export function planOffer(record: CallRecord, offer: OfferFrom, parts: OfferParts): PlannedOffer {
  const { sdp } = offer;
  const mLine = record.main ?? sdp.media.findIndex((section) => isAudio(section) && section.media.port.value !== 0);
  const section = sdp.media[mLine];
  if (!section && record.main === undefined) return { kind: 'no_audio' };
  if (hasLineBelowFloor(record, sdp, mLine)) return { kind: 'forbidden', reason: 'floor' };
  const main = planMainLine(record, offer, { mLine, section }, parts);
  switch (main.kind) {
    case 'line':
      break;
    case 'opaque':
      return { kind: 'unavailable', reason: main.reason };
    default:
      return main;
  }
  record.main ??= mLine;
  const barred = section && main.plan.kind !== 'released' ? bundledWith(sdp, mLine) : [];
  const others = planOtherLines(
    record,
    offer,
    { mLine, barred, isClosed: main.plan.kind === 'closed' || main.plan.kind === 'released' },
    parts,
  );
  const edits = new Map<number, SectionEdit>(others.map(({ plan, edit }) => [plan.mLine, edit] as const));
  if (main.edit) edits.set(mLine, main.edit);
  return { kind: 'plan', plans: [main.plan, ...others.map(({ plan }) => plan)], edits: rewriteSdp(sdp, edits) };
}

/** A floor holds for every line of RTP, whoever carries it: one in the clear could take the place of the audio. */
function hasLineBelowFloor({ tenant }: CallRecord, sdp: Sdp, main: number): boolean {
  if (Object.values(tenant.media).every(({ floor }) => mayBePlain(floor))) return false;
  return sdp.media.some(
    ({ media }, index) =>
      index !== main && media.port.value !== 0 && readRtpProfile(media.proto.value)?.secure === false,
  );
}

function planMainLine(
  record: CallRecord,
  offer: OfferFrom,
  { mLine, section }: { readonly mLine: number; readonly section: MediaSection | undefined },
  parts: OfferParts,
): PlannedLine {
  // Dropped or turned into something else, such as a fax (RFC 3264 §8.3.3): none of ours while it is so.
  if (!section || !isAudio(section)) return { kind: 'line', plan: { kind: 'released', mLine }, edit: undefined };
  if (section.media.port.value === 0) {
    const plan = closedPlan(record, offer, mLine);
    const isOpaque = mainLine(record)?.mode === 'opaque';
    const edit: SectionEdit = isOpaque ? { kind: 'closed' } : closedSection(plan.transports[otherSide(offer.from)]);
    return { kind: 'line', plan, edit };
  }
  const line = { ...offer, mLine, section };
  if (mainLine(record)?.mode === 'opaque') return planRelayedLine(record, line, parts);
  const opened = planOpenLine(record, line, parts);
  if (opened.kind !== 'opaque' || !mayGoOpaque(record)) return opened;
  return planRelayedLine(record, line, parts);
}

/**
 * Whether media we cannot open may pass: only where nothing is asked of either leg that we could not show it has, and
 * not in place of media that we could open before.
 */
function mayGoOpaque({ tenant, lines, main }: CallRecord): boolean {
  const isNew = main === undefined || !lines.has(main);
  return (
    isNew && Object.values(tenant.media).every(({ profile, floor }) => mayBePlain(floor) && takesAnything(profile))
  );
}

function takesAnything(profile: string): boolean {
  return profile === 'as-offered' || profile === 'osrtp';
}
