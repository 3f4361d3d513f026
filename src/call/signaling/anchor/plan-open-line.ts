/**
 * Plans the audio line that we open: what its offerer is to be told, and what the other side is offered in its place.
 * Every leg has its own keys, and neither is ever told those of the other.
 */

import { assert } from '../../../base/assert.ts';
import type { CallRecord } from './call-record.ts';
import { bySide, committedPeer, mainLine, otherSide } from './call-record.ts';
import { dtlsSuites, sdesSuites } from './floor.ts';
import type { LinePlan } from './line-plan.ts';
import { readyToAnswer, readyToOffer } from './our-side.ts';
import type { Ours } from './ours.ts';
import { keyFor } from './ours.ts';
import type { Asking } from './own-words.ts';
import { askedOf, replyTo } from './own-words.ts';
import type { Keying } from './peer-media.ts';
import { isReachableBy, PLAIN } from './peer-media.ts';
import { LEFT_TO_ICE } from './peer-place.ts';
import type { OfferFrom, OfferedLine, OfferParts, PlannedLine } from './planned.ts';
import { ensureLine } from './ports.ts';
import { chooseTargetProfile } from './profile.ts';
import type { OfferReading } from './read-offered.ts';
import { readOffered } from './read-offered.ts';
import { openSection, transportOf } from './section-words.ts';

type Read = Extract<OfferReading, { readonly kind: 'media' }>;

export function planOpenLine(record: CallRecord, offer: OfferedLine, parts: OfferParts): PlannedLine {
  const { from, branch, sdp, section, mLine } = offer;
  const target = otherSide(from);
  const known = committedPeer(mainLine(record), from, branch);
  const read = readOffered(sdp, section, {
    policy: record.tenant.media[from],
    known,
    hasDtls: parts.fingerprint !== undefined,
  });
  if (read.kind !== 'media') return read;
  const asking = chooseTarget(record, offer, read, parts);
  if (typeof asking === 'string') {
    return asking === 'floor' ? { kind: 'forbidden', reason: asking } : { kind: 'unavailable', reason: asking };
  }
  const line = ensureLine(record, { mLine, mode: 'open' }, parts.ports);
  if (!line) return { kind: 'unavailable', reason: 'no_port' };
  const media = reachable(read, line.pairs[from].family);
  if (!media) return { kind: 'unavailable', reason: 'address_family' };

  const context = { policy: record.tenant.media[from], known, fresh: line.fresh[from], random: parts.random };
  const ours = readyToAnswer(offer, { ...read, media }, context);
  const targetPolicy = record.tenant.media[target];
  const theirs = readyToOffer(asking, {
    policy: targetPolicy,
    known: committedPeer(line, target, branch),
    fresh: line.fresh[target],
    random: parts.random,
  });
  line.fresh[from] = ours;
  line.fresh[target] = theirs;
  const keying = keyingOf(read, ours);
  const asked = askedOf(asking, { policy: targetPolicy, ours: theirs, fingerprint: parts.fingerprint });
  const plan: LinePlan = {
    kind: 'open',
    mLine,
    offerer: { ...media, keying },
    ours: bySide(from, ours, theirs),
    asked,
    reply: replyTo(
      offer,
      { ...read, media },
      {
        keying,
        ours,
        fingerprint: parts.fingerprint,
        lifetime: record.tenant.media[from].lifetime,
      },
    ),
  };
  return { kind: 'line', plan, edit: openSection(line.pairs[target], asked.words) };
}

/** The offer closes the line. What was agreed stays, so that it may be opened again. */
export function closedPlan(
  record: CallRecord,
  { branch }: OfferFrom,
  mLine: number,
): Extract<LinePlan, { readonly kind: 'closed' }> {
  const transport = (side: 'caller' | 'callee'): ReturnType<typeof transportOf> | undefined => {
    const profile = committedPeer(mainLine(record), side, branch)?.media.profile;
    return profile && transportOf(profile);
  };
  return { kind: 'closed', mLine, transports: { caller: transport('caller'), callee: transport('callee') } };
}

function chooseTarget(
  record: CallRecord,
  { from, branch }: OfferedLine,
  read: Read,
  { fingerprint }: OfferParts,
): Asking | 'floor' | 'dtls_unavailable' {
  const target = otherSide(from);
  const policy = record.tenant.media[target];
  const agreed = committedPeer(mainLine(record), target, branch)?.media;
  const offered = read.media.profile ?? 'rtp';
  const profile = chooseTargetProfile({ offered, offererPolicy: record.tenant.media[from], policy, agreed });
  if (profile === undefined) return 'floor';
  const canDtls = fingerprint !== undefined && dtlsSuites(policy).length > 0;
  if (profile === 'dtls' && !canDtls) return fingerprint === undefined ? 'dtls_unavailable' : 'floor';
  if (profile === 'sdes' && sdesSuites(policy).length === 0) return 'floor';
  const isDtls = profile === 'dtls';
  const followsIce = policy.profile === 'as-offered' && isDtls && (read.asksIce || (agreed?.ice ?? null) !== null);
  const mux = policy.rtcpMux === 'offer' || (policy.rtcpMux === 'as-offered' && (isDtls || read.asksMux));
  return { profile, ice: policy.ice === 'lite' || followsIce, mux };
}

/** With ICE an address we cannot send to is no reason: its checks say where it is. */
function reachable({ media }: Read, family: 4 | 6): Read['media'] | undefined {
  if (isReachableBy({ ...media, keying: PLAIN }, family)) return media;
  return media.ice ? { ...media, ...LEFT_TO_ICE } : undefined;
}

function keyingOf({ keys }: Read, ours: Ours): Keying {
  if (keys.kind !== 'sdes') return keys;
  const send = keyFor(ours, keys.receive.suite);
  assert(send, 'a key was made for the suite that was taken');
  return { kind: 'sdes', receive: keys.receive, send };
}
