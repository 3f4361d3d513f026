/**
 * Walks compound and reduced-size RTCP (RFC 3550 §6, RFC 5506): checks that every length holds what it promises, and
 * renames SSRCs in place. It reads no report: what peers tell each other is theirs.
 */

import { renameExtendedReports } from './extended-reports.ts';
import { renameFeedback } from './feedback.ts';
import { readUint32, writeUint32 } from './header.ts';
import { renameHeard, type SsrcNames } from './ssrc-names.ts';

export type { SsrcNames } from './ssrc-names.ts';

/*
 *   0                   1                   2                   3
 *  |V=2|P|  count  |  packet type  |    length in words, minus 1   |
 *  |                    SSRC of the packet's sender                |
 *  |  …                                                            |
 */
const JITTER = 195;
const SR = 200;
const RR = 201;
const SDES = 202;
const BYE = 203;
const APP = 204;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const XR = 207;
const REPORT_BLOCK_BYTES = 24;

/** Packets of one compound. Reports, names and feedback of a call are three to five; 1500 bytes could hold 375. */
export const MAX_RTCP_PACKETS = 32;

const SAME_NAMES: SsrcNames = { ofSender: (ssrc) => ssrc, ofHeard: (ssrc) => ssrc };

/** Whether `packet` is one or more well-formed RTCP packets, end to end. */
export function isRtcp(packet: Uint8Array): boolean {
  return renameRtcpSsrcs(packet, SAME_NAMES);
}

/** SSRC of the first packet's sender; the caller has proved 8 bytes. */
export function rtcpSenderSsrc(packet: Uint8Array): number {
  return readUint32(packet, 4);
}

/** Renames every SSRC in place. False when the compound is malformed: it may then be half renamed and must be dropped. */
export function renameRtcpSsrcs(compound: Uint8Array, names: SsrcNames): boolean {
  let at = 0;
  for (let packets = 0; at < compound.length; packets++) {
    if (packets === MAX_RTCP_PACKETS) return false;
    if (compound.length - at < 4 || compound[at]! >> 6 !== 2) return false;
    const end = at + 4 + ((compound[at + 2]! << 8) | compound[at + 3]!) * 4;
    if (end > compound.length) return false;
    const body = withoutPadding(compound, at, end);
    if (body === 0 || !renamePacket(compound, at, body, names)) return false;
    at = end;
  }
  return compound.length > 0;
}

/** End of the packet's content; 0 when it claims padding it cannot have. Only the last of a compound may be padded. */
function withoutPadding(bytes: Uint8Array, at: number, end: number): number {
  if ((bytes[at]! & 0x20) === 0) return end;
  const paddingBytes = bytes[end - 1]!;
  const isPossible = end === bytes.length && paddingBytes > 0 && paddingBytes % 4 === 0 && end - paddingBytes >= at + 4;
  return isPossible ? end - paddingBytes : 0;
}

function renamePacket(bytes: Uint8Array, at: number, end: number, names: SsrcNames): boolean {
  const count = bytes[at]! & 0x1f;
  switch (bytes[at + 1]) {
    case SR:
      return renameSender(bytes, at, end, names) && renameReports(bytes, at + 28, count, end, names);
    case RR:
      return renameSender(bytes, at, end, names) && renameReports(bytes, at + 8, count, end, names);
    case SDES:
      return renameChunks(bytes, at + 4, count, end, names);
    case BYE:
      return renameGoodbyes(bytes, at + 4, count, end, names);
    case JITTER:
      // RFC 5450 §4: as many words as the header counts, and no SSRC among them.
      return at + 4 + count * 4 <= end;
    case APP:
      return end - at >= 12 && renameSender(bytes, at, end, names);
    case TRANSPORT_FEEDBACK:
    case PAYLOAD_FEEDBACK:
      return renameSender(bytes, at, end, names) && renameFeedback(bytes, at, end, names);
    case XR:
      return renameSender(bytes, at, end, names) && renameExtendedReports(bytes, at + 8, end, names);
    default:
      return renameSender(bytes, at, end, names);
  }
}

function renameSender(bytes: Uint8Array, at: number, end: number, names: SsrcNames): boolean {
  if (end - at < 8) return false;
  writeUint32(bytes, at + 4, names.ofSender(readUint32(bytes, at + 4)));
  return true;
}

/** Report blocks; what follows them is a profile's own and stays as it is. */
function renameReports(bytes: Uint8Array, from: number, count: number, end: number, names: SsrcNames): boolean {
  const reportsEnd = from + count * REPORT_BLOCK_BYTES;
  if (reportsEnd > end) return false;
  for (let at = from; at < reportsEnd; at += REPORT_BLOCK_BYTES) renameHeard(bytes, at, names);
  return true;
}

/** SDES chunks: an SSRC, items of type-length-value, a zero byte, and zeros up to the next word. */
function renameChunks(bytes: Uint8Array, from: number, count: number, end: number, names: SsrcNames): boolean {
  let at = from;
  for (let chunk = 0; chunk < count; chunk++) {
    if (at + 8 > end) return false;
    writeUint32(bytes, at, names.ofSender(readUint32(bytes, at)));
    const chunkStart = at;
    at += 4;
    while (at < end && bytes[at] !== 0) at += at + 1 < end ? 2 + bytes[at + 1]! : 1;
    if (at >= end) return false;
    at += 4 - ((at - chunkStart) % 4);
  }
  return at <= end;
}

/** BYE: the SSRCs that leave, then possibly a reason as a counted string. */
function renameGoodbyes(bytes: Uint8Array, from: number, count: number, end: number, names: SsrcNames): boolean {
  const reason = from + count * 4;
  if (reason > end || (reason < end && reason + 1 + bytes[reason]! > end)) return false;
  for (let at = from; at < reason; at += 4) writeUint32(bytes, at, names.ofSender(readUint32(bytes, at)));
  return true;
}
