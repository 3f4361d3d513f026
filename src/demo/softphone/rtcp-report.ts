/** Writes the RTCP a phone sends every few seconds (RFC 3550 §6.4.1, §6.5): a sender report and its name. */

/*
 *  SR:    |V P RC| 200 | length | SSRC | NTP time (8) | RTP time | packets | octets | report block (24) if any
 *  SDES:  |V P  1| 202 | length | SSRC | 1 | bytes | CNAME … | 0, padded to a word
 */
const NTP_EPOCH_OFFSET_S = 2_208_988_800;

export interface SenderReport {
  readonly ssrc: number;
  readonly wallMs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly payloadBytes: number;
  readonly cname: string;
  /** What is heard of the peer; undefined before its first packet. */
  readonly heard: { readonly ssrc: number; readonly highestSequence: number; readonly lost: number } | undefined;
}

export function writeSenderReport(report: SenderReport): Buffer {
  return Buffer.concat([writeReport(report), writeName(report.ssrc, report.cname)]);
}

function writeReport(report: SenderReport): Buffer {
  const bytes = Buffer.alloc(report.heard ? 52 : 28);
  bytes[0] = 0x80 | (report.heard ? 1 : 0);
  bytes[1] = 200;
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(report.ssrc, 4);
  bytes.writeUInt32BE((Math.floor(report.wallMs / 1000) + NTP_EPOCH_OFFSET_S) >>> 0, 8);
  bytes.writeUInt32BE(Math.floor(((report.wallMs % 1000) / 1000) * 2 ** 32) >>> 0, 12);
  bytes.writeUInt32BE(report.rtpTimestamp, 16);
  bytes.writeUInt32BE(report.packets >>> 0, 20);
  bytes.writeUInt32BE(report.payloadBytes >>> 0, 24);
  if (report.heard) {
    bytes.writeUInt32BE(report.heard.ssrc, 28);
    bytes.writeUInt32BE(Math.min(report.heard.lost, 0x7f_ffff), 32);
    bytes.writeUInt32BE(Math.max(0, report.heard.highestSequence) >>> 0, 36);
  }
  return bytes;
}

function writeName(ssrc: number, cname: string): Buffer {
  const name = Buffer.from(cname, 'latin1').subarray(0, 255);
  const chunkBytes = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const bytes = Buffer.alloc(4 + chunkBytes);
  bytes[0] = 0x81;
  bytes[1] = 202;
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(ssrc, 4);
  bytes[8] = 1;
  bytes[9] = name.length;
  bytes.set(name, 10);
  return bytes;
}
