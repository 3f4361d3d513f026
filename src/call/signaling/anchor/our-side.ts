/**
 * What we are to be towards each peer of an offer: what holds already, and whatever the offer makes us need besides.
 * Nothing is made anew without the reason the RFCs give for it, so that the same SDP gets the same words.
 */

import type { RandomBytes } from '../../../base/ids.ts';
import type { LegPolicy } from '../../../model/leg-policy.ts';
import { readTlsId } from '../../../protocol/sdp/fingerprint.ts';
import { isIceRestart } from '../../../protocol/sdp/ice.ts';
import { isSamePeer } from './association.ts';
import { bundleName } from './barriers.ts';
import type { CommittedPeer } from './call-record.ts';
import { sdesSuites } from './floor.ts';
import type { Ours } from './ours.ts';
import { NOTHING_YET, withIce, withKeys, withTlsId } from './ours.ts';
import type { Asking } from './own-words.ts';
import type { PeerMedia } from './peer-media.ts';
import { isUnspecified } from './peer-media.ts';
import type { OfferedLine } from './planned.ts';
import type { OfferReading } from './read-offered.ts';

type Read = Extract<OfferReading, { readonly kind: 'media' }>;

export interface SideContext {
  readonly policy: LegPolicy;
  /** What was agreed with that peer before. */
  readonly known: CommittedPeer | undefined;
  /** What was made for it by an offer that is still under way. */
  readonly fresh: Ours | undefined;
  readonly random: RandomBytes;
}

export function readyToAnswer({ sdp, section, mLine }: OfferedLine, read: Read, context: SideContext): Ours {
  const { policy, known, random } = context;
  const { media, keys } = read;
  let ours = known?.ours ?? context.fresh ?? NOTHING_YET;
  if (known && hasMoved(known, media)) ours = { ...ours, keys: [] };
  if (known?.media.ice && media.ice && isIceRestart(known.media.ice, media.ice)) ours = { ...ours, ice: null };
  if (keys.kind === 'sdes') ours = withKeys(ours, [keys.receive.suite], { random, lifetime: policy.lifetime });
  if (read.asksIce) ours = withIce(ours, random);
  if (keys.kind !== 'dtls') return ours;
  // Who needs a bundle of one line is who does DTLS; others would only wonder.
  ours = { ...ours, mid: bundleName(sdp, mLine) };
  if (readTlsId(sdp, section) === undefined) return ours;
  const goesOn = known?.media.keying.kind === 'dtls' && isSamePeer(known.media.keying, keys);
  return withTlsId(goesOn ? ours : { ...ours, tlsId: undefined }, random);
}

/** A key for each suite we offer, the same in every offer. */
export function readyToOffer({ profile, ice }: Asking, context: SideContext): Ours {
  const { policy, random } = context;
  const ours = context.known?.ours ?? context.fresh ?? NOTHING_YET;
  const hasKeys = profile === 'sdes' || profile === 'osrtp';
  const keyed = hasKeys ? withKeys(ours, sdesSuites(policy), { random, lifetime: policy.lifetime }) : ours;
  return ice ? withIce(keyed, random) : keyed;
}

/** Where media is to go, as one word; undefined while a peer says it wants none. */
export function placeName(media: Pick<PeerMedia, 'rtp' | 'ice'>): string | undefined {
  const isNowhere = media.rtp.port === 0 || isUnspecified(media.rtp);
  return isNowhere || media.ice ? undefined : `${media.rtp.address} ${media.rtp.port}`;
}

/** Our keys are for one place: what receives at another begins at index 0, where they were used before (RFC 4568 §7.1.4). */
function hasMoved(known: CommittedPeer, media: Read['media']): boolean {
  const place = placeName(media);
  return place !== undefined && known.place !== undefined && place !== known.place;
}
