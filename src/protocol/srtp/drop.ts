/** Why an SRTP or SRTCP packet was refused: closed words for counters. They hold nothing of the packet. */

export type SrtpDrop =
  /** Shorter than header and tag, or no RTP header. */
  | 'srtp_malformed'
  /** The tag does not verify under this key. */
  | 'srtp_unauthentic'
  /** Index already accepted. */
  | 'srtp_replayed'
  /** Index behind the window. */
  | 'srtp_too_old'
  /** More SSRCs under one key than we keep state for; none is evicted, since that would forget what was seen. */
  | 'srtp_too_many_ssrcs'
  /** SRTCP that is authenticated only (E = 0): nobody we key with SDES may ask for that. */
  | 'srtcp_unencrypted'
  /** The packet would be the second under one (key, SSRC, index). */
  | 'srtp_index_used'
  /** The index is behind the sender's window, so whether it was used is no longer known. */
  | 'srtp_index_too_old'
  /** As many packets as the key may live for, or 2^48 RTP or 2^31 RTCP packets of this SSRC (RFC 3711 §9.2). */
  | 'srtp_key_exhausted'
  /** The key has been wiped. */
  | 'srtp_wiped';

/** SSRCs we keep index state for under one key. */
export const MAX_SSRCS = 64;
