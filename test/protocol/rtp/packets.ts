/** Packets for tests: RTP with the fields a test cares about, everything else plain. */

export interface RtpFields {
  readonly sequence?: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly payload?: Uint8Array;
}

export function rtpPacket(fields: RtpFields = {}): Buffer {
  const payload = fields.payload ?? Buffer.alloc(160, 0xd5);
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = fields.payloadType ?? 0;
  packet.writeUInt16BE(fields.sequence ?? 1, 2);
  packet.writeUInt32BE(fields.timestamp ?? 160, 4);
  packet.writeUInt32BE(fields.ssrc ?? 0xcafebabe, 8);
  packet.set(payload, 12);
  return packet;
}

/** A sender report with one report block about `heard`. */
export function senderReport(ssrc: number, heard: number): Buffer {
  const packet = Buffer.alloc(52);
  packet.writeUInt32BE(0x81c8000c, 0);
  packet.writeUInt32BE(ssrc, 4);
  packet.writeUInt32BE(heard, 28);
  return packet;
}
