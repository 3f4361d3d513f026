/**
 * One leg's media as its SDP and ours agreed it: where it is, how it is keyed, what its payloads mean.
 * Values only; what may be agreed is judged by those who read offers and answers.
 */

import { isIPv6 } from 'node:net';
import type { MediaDirection, PayloadFact } from '../../../model/call.ts';
import type { SrtpSuite } from '../../../model/leg-policy.ts';
import type { MediaSection } from '../../../protocol/sdp/description.ts';
import type { DtlsBranch, Endpoint, IceCredentials, SrtpKey } from '../../media/session-state.ts';

/** How a leg is offered: what its transport and keys look like in SDP. `osrtp`: RTP/AVP with keys, taken or not. */
export type Profile = 'rtp' | 'sdes' | 'osrtp' | 'dtls';

/** How a leg is keyed, in the end. */
export type Keying =
  | { readonly kind: 'plain' }
  /** The keys it sends with and we send with. */
  | { readonly kind: 'sdes'; readonly receive: SrtpKey; readonly send: SrtpKey }
  | DtlsKeying;

export interface DtlsKeying {
  readonly kind: 'dtls';
  /** Ours. */
  readonly role: 'active' | 'passive';
  readonly fingerprints: DtlsBranch['fingerprints'];
  /** The peer's name for its association (RFC 8842 §4), if it gives any. */
  readonly tlsId: string | undefined;
  readonly suites: readonly SrtpSuite[];
}

export interface PeerMedia {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
  /** Both come to the RTP port. */
  readonly rtcpMux: boolean;
  /** Undefined while nothing was ever agreed, and for media that is not opened. */
  readonly profile: Profile | undefined;
  readonly keying: Keying;
  /** The peer's credentials, where it does ICE and so do we. */
  readonly ice: IceCredentials | null;
  readonly direction: MediaDirection;
  readonly payloads: readonly PayloadFact[];
  readonly ptimeMs: number | undefined;
}

export const PLAIN: Keying = { kind: 'plain' };

/** A line that was closed: nothing comes from it and nothing is sent to it. */
export const IDLE_MEDIA: PeerMedia = {
  rtp: { address: '0.0.0.0', port: 0 },
  rtcp: { address: '0.0.0.0', port: 0 },
  rtcpMux: false,
  profile: undefined,
  keying: PLAIN,
  ice: null,
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

export function isSecure({ keying }: PeerMedia): boolean {
  return keying.kind !== 'plain';
}

/** Says nobody's address: a peer on hold in the old way, or one that ICE has yet to find (RFC 8839 §4.3.1). */
export function isUnspecified({ address }: Endpoint): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Whether a socket of that family can send to the peer. An unspecified address asks for nothing, in either family. */
export function isReachableBy(media: PeerMedia, family: 4 | 6): boolean {
  return isUnspecified(media.rtp) || isIPv6(media.rtp.address) === (family === 6);
}
