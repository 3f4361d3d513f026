/** What offers and answers say alike: where the peer is, how it does ICE, its keys as the media workers take them. */

import { readDirection, readPtimeMs } from '../../../protocol/sdp/attribute.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readIce } from '../../../protocol/sdp/ice.ts';
import { readPayloads } from '../../../protocol/sdp/payload.ts';
import type { CryptoReading } from '../../../protocol/sdp/sdes.ts';
import { MAX_LIFETIME_PACKETS } from '../../../protocol/srtp/packet-index.ts';
import type { IceCredentials, SrtpKey } from '../../media/session-state.ts';
import type { PeerMedia } from './peer-media.ts';
import type { PeerPlace } from './peer-place.ts';
import { readIcePlace, readPlace } from './peer-place.ts';

type UsableCrypto = Extract<CryptoReading, { kind: 'usable' }>;

export interface PeerIce {
  readonly isSaid: boolean;
  /** Whose checks say where it is; null for a lite agent, which like us waits for checks (RFC 8445 §6.1.1). */
  readonly checkedBy: IceCredentials | null;
}

export const NO_ICE: PeerIce = { isSaid: false, checkedBy: null };

/** `ice`: what it says of ICE cannot be read in one way only. */
export function readPeerIce(sdp: Sdp, section: MediaSection): PeerIce | 'ice' {
  const reading = readIce(sdp, section);
  if (reading.kind === 'refused') return 'ice';
  if (reading.kind === 'none') return NO_ICE;
  const { ufrag, password, isLite } = reading.ice;
  return { isSaid: true, checkedBy: isLite ? null : { ufrag, password } };
}

export function readPeerPlace(
  sdp: Sdp,
  section: MediaSection,
  { rtcpMux, ice }: { readonly rtcpMux: boolean; readonly ice: PeerIce },
): PeerPlace | undefined {
  return ice.checkedBy ? readIcePlace(sdp, section, { rtcpMux }) : readPlace(sdp, section, { rtcpMux });
}

export function readTraits(sdp: Sdp, section: MediaSection): Pick<PeerMedia, 'direction' | 'payloads' | 'ptimeMs'> {
  return { direction: readDirection(sdp, section), payloads: readPayloads(section), ptimeMs: readPtimeMs(section) };
}

export function isUsable(reading: CryptoReading): reading is UsableCrypto {
  return reading.kind === 'usable';
}

export function receivedKey({ key, lifetimePackets }: UsableCrypto): SrtpKey {
  return lifetimePackets < MAX_LIFETIME_PACKETS ? { ...key, lifetimePackets } : key;
}
