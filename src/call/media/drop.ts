/** Why a media packet went no further: closed words for counters, never text about the packet. */

import type { PacketKind } from '../../protocol/rtp/classify.ts';
import type { SrtpDrop } from '../../protocol/srtp/drop.ts';

export type MediaDrop =
  | SrtpDrop
  /** STUN, DTLS, ZRTP, TURN or nothing known, where the peer agreed on no such thing. */
  | Exclude<PacketKind, 'rtp' | 'rtcp'>
  | 'rtp_malformed'
  | 'rtcp_malformed'
  | 'rtp_on_rtcp_port'
  | 'rtcp_not_muxed'
  /** On a port that no call has: late packets of the last one, or strays. */
  | 'no_session'
  /** Nobody may send to this side yet. */
  | 'no_leg'
  /** Not from where a plain leg may send: an old peer, or somebody trying to take the stream over. */
  | 'source_refused'
  /** A connectivity check that is malformed, not authentic, or of nobody we were told of. */
  | 'stun_refused'
  /** The peer's last authentic check is too old: it may not want this any more (RFC 7675). */
  | 'ice_no_consent'
  /** To or from a peer whose handshake is not done. */
  | 'dtls_not_ready'
  /** A handshake this node cannot do: it runs without the addon. */
  | 'dtls_unavailable'
  /** From a branch of a fork that is not the one being relayed. */
  | 'inactive_branch'
  /** The other side has no address to send to: before its answer, or on hold with 0.0.0.0. */
  | 'no_destination'
  /** Longer than anything a media packet is, and cut off by the port. */
  | 'too_long'
  | 'send_queue_full'
  | 'send_failed'
  /** A bug of ours met this packet; the packet is lost, the call goes on. */
  | 'fault';
