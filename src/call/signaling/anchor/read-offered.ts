/**
 * Reads what an offer asks of us: where its audio is, and the one way of keying it that the leg's policy and floor take,
 * best first by our order. What it refuses, it refuses by a closed word; it never takes less than the floor.
 */

import type { LegPolicy } from '../../../model/leg-policy.ts';
import { hasAttribute } from '../../../protocol/sdp/attribute.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readFingerprints, readSetup, readTlsId } from '../../../protocol/sdp/fingerprint.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';
import { readCryptos } from '../../../protocol/sdp/sdes.ts';
import type { SrtpKey } from '../../media/session-state.ts';
import { answeringRole } from './association.ts';
import type { OpaqueReason } from './barriers.ts';
import { findForeignKeys, findObstacle, hasEncryptedExtensions } from './barriers.ts';
import { dtlsSuites, isBelowFloor, mayBePlain, sdesSuites } from './floor.ts';
import type { CommittedPeer } from './call-record.ts';
import { isOurKey } from './ours.ts';
import type { DtlsKeying, PeerMedia, Profile } from './peer-media.ts';
import { isUsable, NO_ICE, readPeerIce, readPeerPlace, readTraits, receivedKey } from './peer-says.ts';
import { isProfileAllowed } from './profile.ts';

/** Media that we cannot carry, though nobody did anything wrong. */
export type Unavailable =
  | 'transport'
  | 'port_count'
  | 'address'
  | 'address_family'
  | 'rtcp_mux_only'
  | 'ice'
  | 'dtls_unavailable'
  | 'no_fingerprint'
  | 'setup'
  | 'no_port';
/** What the tenant does not let that leg offer, or nobody may. */
export type Forbidden = 'profile_refused' | 'suite_refused' | 'floor' | 'key_reused';

export type OfferReading =
  | {
      readonly kind: 'media';
      readonly media: Omit<PeerMedia, 'keying'>;
      readonly keys: OfferedKeys;
      readonly asksMux: boolean;
      /** Whether it does ICE and so do we: a lite agent too, though it checks nobody. */
      readonly asksIce: boolean;
    }
  | { readonly kind: 'opaque'; readonly reason: OpaqueReason }
  | { readonly kind: 'unavailable'; readonly reason: Unavailable }
  | { readonly kind: 'forbidden'; readonly reason: Forbidden };

/** The way that was taken of those offered. */
export type OfferedKeys =
  { readonly kind: 'plain' } | { readonly kind: 'sdes'; readonly tag: number; readonly receive: SrtpKey } | DtlsKeying;

export interface OfferReader {
  readonly policy: LegPolicy;
  /** What was agreed with that peer before. */
  readonly known: CommittedPeer | undefined;
  readonly hasDtls: boolean;
}

type Refusal = Exclude<OfferReading, { readonly kind: 'media' }>;
type Chosen = { readonly kind: 'chosen'; readonly profile: Profile; readonly keys: OfferedKeys };

/** Reads an open audio line of an offer. */
export function readOffered(sdp: Sdp, section: MediaSection, reader: OfferReader): OfferReading {
  const obstacle = findObstacle(section);
  if (obstacle) return { kind: 'unavailable', reason: obstacle };
  const foreign = findForeignKeys(sdp, section);
  if (foreign) return { kind: 'opaque', reason: foreign };
  const chosen = chooseKeys(sdp, section, reader);
  if (chosen.kind !== 'chosen') return chosen;
  const { profile, keys } = chosen;
  if (!isProfileAllowed(reader.policy.profile, profile)) return { kind: 'forbidden', reason: 'profile_refused' };
  if (keys.kind === 'plain' && !mayBePlain(reader.policy.floor)) return { kind: 'forbidden', reason: 'floor' };
  if (keys.kind !== 'plain' && hasEncryptedExtensions(sdp, section)) {
    return { kind: 'opaque', reason: 'encrypted_extensions' };
  }
  return readTransport(sdp, section, reader, chosen);
}

function readTransport(
  sdp: Sdp,
  section: MediaSection,
  { policy }: OfferReader,
  { profile, keys }: Chosen,
): OfferReading {
  const asksMux = hasAttribute(section, 'rtcp-mux') || hasAttribute(section, 'rtcp-mux-only');
  const rtcpMux = asksMux && policy.rtcpMux !== 'off';
  if (!rtcpMux && hasAttribute(section, 'rtcp-mux-only')) return { kind: 'unavailable', reason: 'rtcp_mux_only' };
  const ice = doesIce(policy, keys) ? readPeerIce(sdp, section) : NO_ICE;
  if (ice === 'ice') return { kind: 'unavailable', reason: ice };
  const place = readPeerPlace(sdp, section, { rtcpMux, ice });
  if (!place) return { kind: 'unavailable', reason: 'address' };
  const media = { ...place, rtcpMux, profile, ice: ice.checkedBy, ...readTraits(sdp, section) };
  return { kind: 'media', media, keys, asksMux, asksIce: ice.isSaid };
}

/** Who asks for both gets what its policy wants; of several suites, the best by our order. */
function chooseKeys(sdp: Sdp, section: MediaSection, reader: OfferReader): Chosen | Refusal {
  const { policy } = reader;
  switch (readRtpProfile(section.media.proto.value)?.transport) {
    case 'tls':
      return chooseDtls(sdp, section, reader, 'dtls');
    case 'savp': {
      const isDtls = readFingerprints(sdp, section).length > 0;
      // Some say RTP/SAVP and mean DTLS (before RFC 5764 named its own transport).
      if (isDtls && (policy.profile === 'dtls' || !hasUsable(section))) return chooseDtls(sdp, section, reader, 'dtls');
      return chooseSdes(section, reader, 'sdes');
    }
    default:
      return chooseBestEffort(sdp, section, reader);
  }
}

/** RFC 8643: RTP/AVP with keys. Where none of them can be taken, it is RTP. */
function chooseBestEffort(sdp: Sdp, section: MediaSection, reader: OfferReader): Chosen | Refusal {
  const plain: Chosen = { kind: 'chosen', profile: 'rtp', keys: { kind: 'plain' } };
  if (reader.policy.profile === 'rtp') return plain;
  const bySdes = hasUsable(section) ? chooseSdes(section, reader, 'osrtp') : undefined;
  if (bySdes?.kind === 'chosen' || (bySdes?.kind === 'forbidden' && bySdes.reason === 'key_reused')) return bySdes;
  const byDtls = readFingerprints(sdp, section).length > 0 ? chooseDtls(sdp, section, reader, 'osrtp') : undefined;
  return byDtls?.kind === 'chosen' ? byDtls : plain;
}

function chooseSdes(section: MediaSection, { policy, known }: OfferReader, profile: Profile): Chosen | Refusal {
  const usable = readCryptos(section).filter(isUsable);
  if (usable.length === 0) return { kind: 'opaque', reason: 'no_usable_crypto' };
  for (const suite of sdesSuites(policy)) {
    const found = usable.find(({ key }) => key.suite === suite);
    if (!found) continue;
    if (known && isOurKey(known.ours, found.key)) return { kind: 'forbidden', reason: 'key_reused' };
    return { kind: 'chosen', profile, keys: { kind: 'sdes', tag: found.tag, receive: receivedKey(found) } };
  }
  const isBelow = usable.every(({ key }) => isBelowFloor(policy.floor, key.suite));
  return { kind: 'forbidden', reason: isBelow ? 'floor' : 'suite_refused' };
}

function chooseDtls(sdp: Sdp, section: MediaSection, reader: OfferReader, profile: Profile): Chosen | Refusal {
  const { policy, known, hasDtls } = reader;
  if (!hasDtls) return { kind: 'unavailable', reason: 'dtls_unavailable' };
  const [first, ...others] = readFingerprints(sdp, section);
  if (!first) return { kind: 'unavailable', reason: 'no_fingerprint' };
  const suites = dtlsSuites(policy);
  if (suites.length === 0)
    return { kind: 'forbidden', reason: policy.floor === 'srtp-256' ? 'floor' : 'suite_refused' };
  const said = { fingerprints: [first, ...others] as const, tlsId: readTlsId(sdp, section) };
  const role = answeringRole(readSetup(sdp, section), known?.media.keying, said);
  if (!role) return { kind: 'unavailable', reason: 'setup' };
  return { kind: 'chosen', profile, keys: { kind: 'dtls', role, suites, ...said } };
}

/** ICE where the tenant says so, and for who needs it: whoever offers both ICE and DTLS to a leg that takes anything. */
function doesIce(policy: LegPolicy, keys: OfferedKeys): boolean {
  return policy.ice === 'lite' || (policy.profile === 'as-offered' && keys.kind === 'dtls');
}

function hasUsable(section: MediaSection): boolean {
  return readCryptos(section).some(isUsable);
}
