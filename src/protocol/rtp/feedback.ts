/**
 * SSRCs in RTCP feedback (RFC 4585 §6.1): the media source, and those that some formats carry in their control
 * information. Formats that are not listed here are believed to carry none.
 */

import { readUint32 } from './header.ts';
import { renameHeard, type SsrcNames } from './ssrc-names.ts';

/*
 *   0                   1                   2                   3
 *  |V=2|P|  FMT    |  205 or 206   |    length in words, minus 1   |
 *  |                    SSRC of the packet's sender                |
 *  |        SSRC of the media source, 0 when it means none         |
 *  |  feedback control information …                               |
 */
const TRANSPORT_FEEDBACK = 205;

const TMMBR = 3;
const TMMBN = 4;
const CONGESTION_CONTROL = 11;

const FULL_INTRA_REQUEST = 4;
const TRADE_OFF_REQUEST = 5;
const TRADE_OFF_NOTICE = 6;
const BACK_CHANNEL = 7;
const APPLICATION_LAYER = 15;
/** `REMB` in ASCII, as an application layer message begins that estimates bandwidth (draft-alvestrand-rmcat-remb §2.2). */
const REMB = 0x52454d42;

/** Renames all but the sender in the packet from `at` to `end`. False when its control information is not whole. */
export function renameFeedback(bytes: Uint8Array, at: number, end: number, names: SsrcNames): boolean {
  if (end - at < 12) return false;
  const format = bytes[at]! & 0x1f;
  const isTransport = bytes[at + 1] === TRANSPORT_FEEDBACK;
  // RFC 8888 §3.1 begins its reports where others have the media source.
  if (isTransport && format === CONGESTION_CONTROL) return renameStreamReports(bytes, at + 8, end, names);
  if (readUint32(bytes, at + 8) !== 0) renameHeard(bytes, at + 8, names);
  return isTransport
    ? renameTransport(bytes, at + 12, end, format, names)
    : renamePayload(bytes, at + 12, end, format, names);
}

function renameTransport(bytes: Uint8Array, from: number, end: number, format: number, names: SsrcNames): boolean {
  return format === TMMBR || format === TMMBN ? renameEntries(bytes, from, end, names) : true;
}

function renamePayload(bytes: Uint8Array, from: number, end: number, format: number, names: SsrcNames): boolean {
  switch (format) {
    case FULL_INTRA_REQUEST:
    case TRADE_OFF_REQUEST:
    case TRADE_OFF_NOTICE:
      return renameEntries(bytes, from, end, names);
    case BACK_CHANNEL:
      return renameBackChannel(bytes, from, end, names);
    case APPLICATION_LAYER:
      return renameEstimate(bytes, from, end, names);
    default:
      return true;
  }
}

/** Entries of eight bytes that begin with an SSRC (RFC 5104 §4.2.1.1, §4.2.2.1, §4.3.1.1 to §4.3.3.1). */
function renameEntries(bytes: Uint8Array, from: number, end: number, names: SsrcNames): boolean {
  if ((end - from) % 8 !== 0) return false;
  for (let entry = from; entry < end; entry += 8) renameHeard(bytes, entry, names);
  return true;
}

/** SSRC, sequence number, payload type, bytes of a string, and the string padded to a word (RFC 5104 §4.3.4.1). */
function renameBackChannel(bytes: Uint8Array, from: number, end: number, names: SsrcNames): boolean {
  let at = from;
  while (at < end) {
    if (at + 8 > end) return false;
    const stringBytes = (bytes[at + 6]! << 8) | bytes[at + 7]!;
    renameHeard(bytes, at, names);
    at += 8 + ((stringBytes + 3) & ~3);
  }
  return at === end;
}

/** `REMB`, a count, the estimate, then as many SSRCs. Other messages of applications are their own. */
function renameEstimate(bytes: Uint8Array, from: number, end: number, names: SsrcNames): boolean {
  if (end - from < 8 || readUint32(bytes, from) !== REMB) return true;
  const ssrcsEnd = from + 8 + bytes[from + 4]! * 4;
  if (ssrcsEnd > end) return false;
  for (let at = from + 8; at < ssrcsEnd; at += 4) renameHeard(bytes, at, names);
  return true;
}

/** For each stream its SSRC, where it begins, how many reports of two bytes, padded to a word; last a time (RFC 8888 §3.1). */
function renameStreamReports(bytes: Uint8Array, from: number, end: number, names: SsrcNames): boolean {
  const streamsEnd = end - 4;
  let at = from;
  while (at < streamsEnd) {
    if (at + 8 > streamsEnd) return false;
    const reports = (bytes[at + 6]! << 8) | bytes[at + 7]!;
    renameHeard(bytes, at, names);
    at += 8 + ((reports * 2 + 3) & ~3);
  }
  return at === streamsEnd;
}
