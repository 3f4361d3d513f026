/**
 * Reads the RTP header in place (RFC 3550 §5.1, §5.3.1). Hot path: plain numbers out, nothing allocated; it refuses what
 * does not fit the packet, and leaves authenticity to SRTP.
 */

/*
 *   0                   1                   2                   3
 *  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *  |                           timestamp                           |
 *  |                             SSRC                              |
 *  |                   CSRC list, CC × 4 bytes                     |
 *  |  profile word | length in words |  extension …   (when X)     |
 *  |  payload …                             padding, count (if P)  |
 */
export const RTP_FIXED_BYTES = 12;

/** Bytes of fixed header, CSRC list and extension; 0 when this is not RTP version 2 or the header does not fit. */
export function rtpHeaderBytes(packet: Uint8Array): number {
  if (packet.length < RTP_FIXED_BYTES || packet[0]! >> 6 !== 2) return 0;
  let headerBytes = RTP_FIXED_BYTES + (packet[0]! & 0x0f) * 4;
  if ((packet[0]! & 0x10) !== 0) {
    if (packet.length < headerBytes + 4) return 0;
    headerBytes += 4 + ((packet[headerBytes + 2]! << 8) | packet[headerBytes + 3]!) * 4;
  }
  return headerBytes <= packet.length ? headerBytes : 0;
}

/** Bytes of padding at the end, 0 without the P bit; -1 when the count is zero or larger than the payload. */
export function rtpPaddingBytes(packet: Uint8Array, headerBytes: number): number {
  if ((packet[0]! & 0x20) === 0) return 0;
  const paddingBytes = packet.length > headerBytes ? packet[packet.length - 1]! : 0;
  return paddingBytes > 0 && paddingBytes <= packet.length - headerBytes ? paddingBytes : -1;
}

export function rtpPayloadType(packet: Uint8Array): number {
  return packet[1]! & 0x7f;
}

export function rtpSequence(packet: Uint8Array): number {
  return (packet[2]! << 8) | packet[3]!;
}

export function rtpTimestamp(packet: Uint8Array): number {
  return readUint32(packet, 4);
}

export function rtpSsrc(packet: Uint8Array): number {
  return readUint32(packet, 8);
}

export function writeRtpSsrc(packet: Uint8Array, ssrc: number): void {
  writeUint32(packet, 8, ssrc);
}

/** Big-endian unsigned 32-bit word; the caller has proved that it fits. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
