/**
 * Reads what a peer says of its own audio: where to, under which key, which payloads. Refuses by a closed word what we
 * could not open or should not send to; never takes less security than was agreed.
 */

import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { MediaDirection, PayloadFact } from '../../../model/call.ts';
import { attributeValues, hasAttribute, readDirection, readPtimeMs } from '../../../protocol/sdp/attribute.ts';
import type { Connection } from '../../../protocol/sdp/connection.ts';
import { readConnection, readRtcp } from '../../../protocol/sdp/connection.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { isDtlsSrtp, readProfile } from '../../../protocol/sdp/media-line.ts';
import { readPayloads } from '../../../protocol/sdp/payload.ts';
import { readCryptos } from '../../../protocol/sdp/sdes.ts';
import type { CryptoReading } from '../../../protocol/sdp/sdes.ts';
import type { Endpoint, SrtpKey } from '../../media/session-state.ts';

/** What a leg is: plain RTP, or SRTP keyed by SDES. */
export type Profile = 'rtp' | 'sdes';

export interface PeerMedia {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
  /** Key it sends with; null for plain RTP. */
  readonly key: SrtpKey | null;
  readonly direction: MediaDirection;
  readonly payloads: readonly PayloadFact[];
  readonly ptimeMs: number | undefined;
}

/** A line that was closed: nothing comes from it and nothing is sent to it. */
export const IDLE_MEDIA: PeerMedia = {
  rtp: { address: '0.0.0.0', port: 0 },
  rtcp: { address: '0.0.0.0', port: 0 },
  key: null,
  direction: 'inactive',
  payloads: [],
  ptimeMs: undefined,
};

export function isIdle(media: PeerMedia): boolean {
  return media.rtp.port === 0;
}

export function isAudio(section: MediaSection): boolean {
  return section.media.media === 'audio';
}

/** Whether a socket of that family can send to the peer. An unspecified address asks for nothing, in either family. */
export function isReachableBy(media: PeerMedia, family: 4 | 6): boolean {
  const { address } = media.rtp;
  return address === '0.0.0.0' || address === '::' || isIPv6(address) === (family === 6);
}

export type OfferRefusal =
  | AddressRefusal
  | 'dtls'
  | 'transport'
  | 'zrtp'
  | 'key_mgmt'
  | 'bundle'
  | 'port_count'
  | 'encrypted_extensions'
  | 'no_usable_crypto'
  | 'key_reused';
export type AnswerRefusal = AddressRefusal | 'profile_mismatch' | 'no_crypto' | 'crypto_mismatch' | 'key_reused';
type AddressRefusal = 'address' | 'address_family';

export type OfferReading =
  | { readonly kind: 'media'; readonly media: PeerMedia; readonly profile: Profile; readonly tag: number | undefined }
  | { readonly kind: 'refused'; readonly reason: OfferRefusal };
export type AnswerReading =
  { readonly kind: 'media'; readonly media: PeerMedia } | { readonly kind: 'refused'; readonly reason: AnswerRefusal };

/** Reads an open audio line of an offer. `ourKey` is the key we send to this peer with, if any: it may not be its own. */
export function readOffered(sdp: Sdp, section: MediaSection, ourKey: SrtpKey | null): OfferReading {
  const barrier = findBarrier(sdp, section);
  if (barrier) return { kind: 'refused', reason: barrier };
  const where = readEndpoints(sdp, section);
  if (typeof where === 'string') return { kind: 'refused', reason: where };
  if (readProfile(section.media.proto.value)?.secure !== true) {
    return { kind: 'media', profile: 'rtp', tag: undefined, media: { ...where, key: null, ...traits(sdp, section) } };
  }
  if (hasEncryptedExtensions(sdp, section)) return { kind: 'refused', reason: 'encrypted_extensions' };
  const crypto = readCryptos(section).find(isUsable);
  if (!crypto) return { kind: 'refused', reason: 'no_usable_crypto' };
  if (crypto.key.keySalt === ourKey?.keySalt) return { kind: 'refused', reason: 'key_reused' };
  const media = { ...where, key: crypto.key, ...traits(sdp, section) };
  return { kind: 'media', profile: 'sdes', tag: crypto.tag, media };
}

/**
 * Reads an open audio line of an answer to an offer of ours. What we offered must have been answered: an AVP answer to
 * SAVP, another suite or tag, or our own key sent back is refused (RFC 4568 §5.1.3).
 */
export function readAnswered(
  sdp: Sdp,
  section: MediaSection,
  offered: { readonly profile: Profile; readonly tag: number; readonly ourKey: SrtpKey | null },
): AnswerReading {
  const isSecure = offered.profile === 'sdes';
  if (readProfile(section.media.proto.value)?.secure !== isSecure) {
    return { kind: 'refused', reason: 'profile_mismatch' };
  }
  const where = readEndpoints(sdp, section);
  if (typeof where === 'string') return { kind: 'refused', reason: where };
  if (!isSecure) return { kind: 'media', media: { ...where, key: null, ...traits(sdp, section) } };
  const cryptos = readCryptos(section);
  if (cryptos.length === 0) return { kind: 'refused', reason: 'no_crypto' };
  const crypto = cryptos.filter(isUsable).find(({ tag }) => tag === offered.tag);
  if (!crypto) return { kind: 'refused', reason: 'crypto_mismatch' };
  // A key of ours sent back would have both ways share one keystream.
  if (crypto.key.keySalt === offered.ourKey?.keySalt) return { kind: 'refused', reason: 'key_reused' };
  return { kind: 'media', media: { ...where, key: crypto.key, ...traits(sdp, section) } };
}

/** What stands between us and the audio, whatever keys are offered. */
function findBarrier(sdp: Sdp, section: MediaSection): OfferRefusal | undefined {
  const { proto, portCount } = section.media;
  if (isDtlsSrtp(proto.value)) return 'dtls';
  if (!readProfile(proto.value)) return 'transport';
  if (portCount !== 1) return 'port_count';
  if (hasAttribute(section, 'zrtp-hash') || hasAttribute(sdp.session, 'zrtp-hash')) return 'zrtp';
  if (hasAttribute(section, 'key-mgmt') || hasAttribute(sdp.session, 'key-mgmt')) return 'key_mgmt';
  if (isBundledWithOthers(sdp, section)) return 'bundle';
  return undefined;
}

/** Whether other lines would share this one's port (RFC 9143 §7): we take one line, and `a=group` is not ours to edit. */
function isBundledWithOthers(sdp: Sdp, section: MediaSection): boolean {
  const mid = attributeValues(section, 'mid')[0]?.trim();
  return attributeValues(sdp.session, 'group').some((group) => {
    const [semantics, ...mids] = group.trim().split(/ +/);
    return semantics?.toUpperCase() === 'BUNDLE' && mids.length > 1 && mid !== undefined && mids.includes(mid);
  });
}

/** RFC 6904 and RFC 9335: header extensions under keys of their own, which a relay would have to open as well. */
function hasEncryptedExtensions(sdp: Sdp, section: MediaSection): boolean {
  return [section, sdp.session].some(
    (part) =>
      hasAttribute(part, 'cryptex') ||
      attributeValues(part, 'extmap').some((value) => value.includes('urn:ietf:params:rtp-hdrext:encrypt')),
  );
}

function isUsable(reading: CryptoReading): reading is Extract<CryptoReading, { kind: 'usable' }> {
  return reading.kind === 'usable';
}

function traits(sdp: Sdp, section: MediaSection): Pick<PeerMedia, 'direction' | 'payloads' | 'ptimeMs'> {
  return {
    direction: readDirection(sdp, section),
    payloads: readPayloads(section),
    ptimeMs: readPtimeMs(section),
  };
}

function readEndpoints(sdp: Sdp, section: MediaSection): Pick<PeerMedia, 'rtp' | 'rtcp'> | 'address' {
  const address = unicastAddress(readConnection(sdp, section));
  if (address === undefined) return 'address';
  const port = section.media.port.value;
  const rtcp = readRtcp(section);
  const rtcpAddress = unicastAddress(rtcp?.connection);
  // RTCP of its own family and host only where we could follow it there.
  const isUsable = rtcpAddress !== undefined && isIPv6(rtcpAddress) === isIPv6(address);
  return {
    rtp: { address, port },
    rtcp: { address: isUsable ? rtcpAddress : address, port: rtcp?.port ?? Math.min(port + 1, 65_535) },
  };
}

/** The literal in the form the socket layer reports it; undefined for host names, multicast and broadcast. */
function unicastAddress(connection: Connection | undefined): string | undefined {
  if (!connection || connection.isMulticast) return undefined;
  const { address, family } = connection;
  if (family === 4) {
    return isIPv4(address) && Number(address.split('.')[0]) < 224 ? address : undefined;
  }
  // A zone would choose one of our links.
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  return canonical.toLowerCase().startsWith('ff') ? undefined : canonical;
}
