/** Tells apart what shares a media port by its first two bytes (RFC 7983 §7, RFC 5761 §4). It vouches for nothing else. */

export type PacketKind = 'rtp' | 'rtcp' | 'stun' | 'dtls' | 'zrtp' | 'turn' | 'junk';

export function classify(packet: Uint8Array): PacketKind {
  if (packet.length < 2) return 'junk';
  const first = packet[0]!;
  if (first >= 128 && first <= 191) return isRtcpType(packet[1]!) ? 'rtcp' : 'rtp';
  if (first <= 3) return 'stun';
  if (first >= 16 && first <= 19) return 'zrtp';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 64 && first <= 79) return 'turn';
  return 'junk';
}

/** RTCP packet types lie in 192–223; RTP with a payload type that would read so (64–95) is forbidden beside them. */
function isRtcpType(second: number): boolean {
  return second >= 192 && second <= 223;
}
