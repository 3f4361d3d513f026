/**
 * What becomes of an offer: which line is ours, what its sender wants, what to offer the other side.
 * It takes ports and makes keys for a plan; nothing is committed here.
 */

import type { RandomBytes } from '../../../base/ids.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { rewriteSection } from '../../../protocol/sdp/rewrite.ts';
import type { Splice } from '../../../protocol/splice.ts';
import type { CallRecord, Plan } from './call-record.ts';
import { bySide, otherSide } from './call-record.ts';
import type { OfferRefusal } from './peer-media.ts';
import { IDLE_MEDIA, isAudio, isReachableBy, readOffered } from './peer-media.ts';
import type { MediaPorts } from './ports.ts';
import { takePairs } from './ports.ts';
import { agreedProfile, chooseTargetProfile, isProfileAllowed } from './profile.ts';
import { closedSection, openSection } from './section-edit.ts';
import { knownSendKey, sendKeyFor } from './sending-key.ts';

/** Tag of the one crypto line we offer. */
export const OFFERED_TAG = 1;

export type PlannedOffer =
  | { readonly kind: 'plan'; readonly plan: Plan; readonly edits: readonly Splice[] }
  /** No audio line to anchor. */
  | { readonly kind: 'no_audio' }
  /** Media we cannot carry: the tenant's onMediaUnavailable decides. */
  | { readonly kind: 'unavailable'; readonly reason: 'no_port' | OfferRefusal }
  /** The tenant does not let that leg offer this profile. */
  | { readonly kind: 'profile_refused' };

export interface OfferParts {
  readonly ports: MediaPorts;
  readonly random: RandomBytes;
}

/** Plans the offer `sdp` of side `from`: the first open audio line, or the line anchored before. */
export function planOffer(record: CallRecord, from: Side, sdp: Sdp, parts: OfferParts): PlannedOffer {
  const mLine = record.mLine ?? sdp.media.findIndex((section) => isAudio(section) && section.media.port.value !== 0);
  const section = sdp.media[mLine];
  if (!section && record.mLine === undefined) return { kind: 'no_audio' };
  if (!section || !isAudio(section)) return releaseLine(record, mLine);
  if (section.media.port.value === 0) return closeLine(record, from, sdp, mLine);
  return openLine(record, from, { sdp, section, mLine }, parts);
}

interface Line {
  readonly sdp: Sdp;
  readonly section: MediaSection;
  readonly mLine: number;
}

function openLine(record: CallRecord, from: Side, line: Line, parts: OfferParts): PlannedOffer {
  const { sdp, section, mLine } = line;
  const offered = readOffered(sdp, section, knownSendKey(record, from));
  if (offered.kind === 'refused') return { kind: 'unavailable', reason: offered.reason };
  if (!isProfileAllowed(record.tenant.media[from].profile, offered.profile)) return { kind: 'profile_refused' };
  record.pairs ??= takePairs(parts.ports, record.tenant);
  if (!record.pairs) return { kind: 'unavailable', reason: 'no_port' };
  if (!isReachableBy(offered.media, record.pairs[from].family))
    return { kind: 'unavailable', reason: 'address_family' };
  const target = otherSide(from);
  const profile = chooseTargetProfile(record, from, offered.profile);
  const offererKey = sendKeyFor(record, from, offered.profile, parts.random);
  const targetKey = sendKeyFor(record, target, profile, parts.random);
  const plan: Plan = {
    line: 'open',
    mLine,
    offerer: offered.media,
    profiles: bySide(from, offered.profile, profile),
    sendKeys: bySide(from, offererKey, targetKey),
    echoTag: offered.tag,
  };
  const edit = openSection(record.pairs[target], targetKey ? { tag: OFFERED_TAG, key: targetKey } : undefined);
  return { kind: 'plan', plan, edits: rewriteSection(sdp, mLine, edit) };
}

/** The offer closes the line. What was agreed stays, so that it may be opened again. */
function closeLine(record: CallRecord, from: Side, sdp: Sdp, mLine: number): PlannedOffer {
  const edits = rewriteSection(sdp, mLine, closedSection(agreedProfile(record, otherSide(from))));
  return { kind: 'plan', plan: idlePlan(record, mLine, 'closed'), edits };
}

/** The line was dropped or turned into something else, such as a fax (RFC 3264 §8.3.3): none of ours while it is so. */
function releaseLine(record: CallRecord, mLine: number): PlannedOffer {
  return { kind: 'plan', plan: idlePlan(record, mLine, 'released'), edits: [] };
}

function idlePlan(record: CallRecord, mLine: number, line: 'closed' | 'released'): Plan {
  return {
    line,
    mLine,
    offerer: IDLE_MEDIA,
    profiles: { caller: agreedProfile(record, 'caller'), callee: agreedProfile(record, 'callee') },
    sendKeys: record.committed?.sendKeys ?? { caller: null, callee: null },
    echoTag: undefined,
  };
}
