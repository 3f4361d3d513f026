/** What a tenant asks of the media of one leg: how it is keyed, what is the least it may be, and how its peer is reached. */

/** Cipher suites by their SDES names (RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.2). */
export const SRTP_SUITES = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
] as const;
export type SrtpSuite = (typeof SRTP_SUITES)[number];

/**
 * `rtp` plain, `sdes` keyed in the SDP (RFC 4568), `dtls` keyed by a handshake (RFC 5763), `osrtp` best effort: RTP/AVP
 * with keys, taken or not (RFC 8643). `as-offered` asks of a callee what its caller asked of us, and takes anything.
 */
export const LEG_PROFILES = ['rtp', 'sdes', 'dtls', 'osrtp', 'as-offered'] as const;
export type LegProfile = (typeof LEG_PROFILES)[number];

/** The least a leg may be: anything, encrypted, or encrypted under a 256-bit key. Below it, the offer is refused. */
export const FLOORS = ['rtp', 'srtp', 'srtp-256'] as const;
export type Floor = (typeof FLOORS)[number];

export interface LegPolicy {
  readonly profile: LegProfile;
  /** What we offer and accept, best first. DTLS takes those of them that have a DTLS-SRTP profile. */
  readonly suites: readonly SrtpSuite[];
  readonly floor: Floor;
  /** `lite`: this leg's peers do ICE, and find us as a lite agent (RFC 8445 §2.5). */
  readonly ice: 'off' | 'lite';
  /** `as-offered`: offered to a callee where its caller offered it. An offer of it is always accepted unless `off`. */
  readonly rtcpMux: 'as-offered' | 'offer' | 'off';
  /** `latch`: a plain peer behind NAT is believed to be where its first packet after signaling comes from. */
  readonly nat: 'off' | 'latch';
  /** Whether our crypto lines say a lifetime of 2^31 packets, which some peers demand. */
  readonly lifetime: boolean;
}

/** The policy of a leg of which only the profile is said. */
export function legPolicy(profile: LegProfile, other: Partial<Omit<LegPolicy, 'profile'>> = {}): LegPolicy {
  return {
    profile,
    suites: DEFAULT_SUITES,
    floor: 'rtp',
    ice: 'off',
    rtcpMux: 'as-offered',
    nat: 'off',
    lifetime: false,
    ...other,
  };
}

/** Without the short tags: six bytes a packet are a small price for a stream nobody can forge into (RFC 3711 §9.5). */
const DEFAULT_SUITES: readonly SrtpSuite[] = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_80',
];
