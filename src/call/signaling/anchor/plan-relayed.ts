/**
 * Plans lines whose packets pass through us as they are: audio that we cannot open, and the lines beside it where the
 * tenant has them relayed. Only where they go is changed; a line we cannot carry is left alone, and for good.
 */

import type { MediaSection } from '../../../protocol/sdp/description.ts';
import type { SectionEdit } from '../../../protocol/sdp/section-edit.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';
import { hasAttribute } from '../../../protocol/sdp/attribute.ts';
import type { CallRecord } from './call-record.ts';
import { committedPeer, mainLine, otherSide } from './call-record.ts';
import type { LinePlan } from './line-plan.ts';
import { isReachableBy, isSecure } from './peer-media.ts';
import { readRelayed } from './read-relayed.ts';
import type { OfferedLine, OfferFrom, OfferParts, PlannedLine } from './planned.ts';
import { ensureLine, freePairs } from './ports.ts';
import { relayedSection } from './section-words.ts';

/** Each takes two pairs of ports; a real call has one or two. */
export const MAX_RELAYED_LINES = 4;

interface PlannedOther {
  readonly plan: LinePlan;
  readonly edit: SectionEdit;
}

interface OtherThan {
  readonly mLine: number;
  readonly barred: readonly number[];
  /** The main line carries nothing. */
  readonly isClosed: boolean;
}

/** Lines beside the main one. `barred` are those of its bundle: they are refused, there being no transport for them. */
export function planOtherLines(
  record: CallRecord,
  offer: OfferFrom,
  { mLine: main, barred, isClosed }: OtherThan,
  parts: OfferParts,
): PlannedOther[] {
  const others: PlannedOther[] = [];
  for (const [mLine, section] of offer.sdp.media.entries()) {
    if (mLine === main) continue;
    if (barred.includes(mLine) || (isClosed && isDowngrade(record, offer, section)))
      others.push({ plan: { kind: 'barred', mLine }, edit: { kind: 'closed' } });
    else if (record.tenant.otherLines === 'relay')
      others.push(...relayBeside(record, { ...offer, mLine, section }, parts));
  }
  return others;
}

/**
 * Whether a line would bring in the clear, in place of the main one, what the leg it is offered to has agreed to have
 * encrypted: an offerer could close the one and open the other.
 */
function isDowngrade(record: CallRecord, { from, branch }: OfferFrom, { media }: MediaSection): boolean {
  const agreed = committedPeer(mainLine(record), otherSide(from), branch)?.media;
  const isPlain = readRtpProfile(media.proto.value)?.secure === false;
  return isPlain && media.media === 'audio' && media.port.value !== 0 && agreed !== undefined && isSecure(agreed);
}

/** The main line, where we cannot open it. */
export function planRelayedLine(record: CallRecord, offer: OfferedLine, parts: OfferParts): PlannedLine {
  const { from, sdp, section, mLine } = offer;
  const media = readRelayed(sdp, section);
  if (!media) return { kind: 'unavailable', reason: 'address' };
  const line = ensureLine(record, { mLine, mode: 'opaque' }, parts.ports);
  if (!line) return { kind: 'unavailable', reason: 'no_port' };
  if (!isReachableBy(media, line.pairs[from].family)) return { kind: 'unavailable', reason: 'address_family' };
  const plan: LinePlan = { kind: 'relayed', mLine, offerer: media, transport: section.media.proto.value };
  return { kind: 'line', plan, edit: relayedSection(line.pairs[otherSide(from)]) };
}

function relayBeside(record: CallRecord, offer: OfferedLine, parts: OfferParts): PlannedOther[] {
  const { mLine, section } = offer;
  if (record.left.has(mLine)) return [];
  const known = record.lines.get(mLine);
  if (section.media.port.value === 0) {
    // Nothing to edit in a closed line; its session, if it has one, is to know.
    return known ? [{ plan: { kind: 'closed', mLine, transports: NO_TRANSPORTS }, edit: { kind: 'closed' } }] : [];
  }
  const planned = mayRelay(record, section, known !== undefined) ? planRelayedLine(record, offer, parts) : undefined;
  if (planned?.kind === 'line' && planned.edit) return [{ plan: planned.plan, edit: planned.edit }];
  if (known) return [{ plan: { kind: 'barred', mLine }, edit: { kind: 'closed' } }];
  const taken = record.lines.get(mLine);
  if (taken) freePairs(taken.pairs, parts.ports);
  record.lines.delete(mLine);
  record.left.add(mLine);
  return [];
}

const NO_TRANSPORTS = { caller: undefined, callee: undefined };

function mayRelay(record: CallRecord, { media, ...section }: MediaSection, isKnown: boolean): boolean {
  const isUdp = /^(RTP|UDP|UDPTL)(\/|$)/i.test(media.proto.value);
  const hasRoom = isKnown || record.lines.size <= MAX_RELAYED_LINES;
  return isUdp && media.portCount === 1 && hasRoom && !hasAttribute(section, 'bundle-only');
}
