/**
 * Judges a capture of the wire: under which key, SSRC and index each SRTP and SRTCP packet was sent, and whether two were
 * sent under the same. It has no window and forgets nothing, unlike the receivers it looks over the shoulder of.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { classify } from '../../../src/protocol/rtp/classify.ts';
import { rtpHeaderBytes, rtpSequence, rtpSsrc } from '../../../src/protocol/rtp/header.ts';
import { rtcpSenderSsrc } from '../../../src/protocol/rtp/rtcp.ts';
import { guessIndex, rocOf } from '../../../src/protocol/srtp/packet-index.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';
import type { SrtpTransform } from '../../../src/protocol/srtp/transform.ts';
import { SDES_SUITE } from '../../../src/protocol/sdp/sdes.ts';

export interface WireVerdict {
  /** Packets that one of their receiver's keys opened. */
  readonly rtp: number;
  readonly rtcp: number;
  /** That none did. */
  readonly unopened: number;
  /** Pairs of different packets under one key, SSRC and index: two payloads under one keystream. */
  readonly reused: number;
  /** Keys, and SSRCs under them, that packets came under. */
  readonly keys: number;
  readonly names: number;
}

/*
 *   0               1               2               3
 *  +---------------+---------------+---------------+---------------+
 *  |   receiver (little-endian)    |     length of the datagram    |
 *  +---------------+---------------+---------------+---------------+
 *  |                          the datagram …
 */
const HEADER_BYTES = 4;
const ENCRYPTED_BIT = 0x8000_0000;
/** A capture is of minutes, in which no counter rolls over oftener. */
const ROLL_OVERS = 4;

/** All that was sent under one key and SSRC: the highest index, and of every index a hash of its packet. */
class Name {
  highest = -1;
  readonly #byIndex = new Map<number, number>();

  /** False when another packet has that index. */
  note(index: number, packet: Buffer): boolean {
    this.highest = Math.max(this.highest, index);
    const hash = createHash('sha256').update(packet).digest().readUInt32BE(0);
    const known = this.#byIndex.get(index);
    this.#byIndex.set(index, hash);
    return known === undefined || known === hash;
  }
}

class Key {
  readonly #transform: SrtpTransform;
  readonly rtp = new Map<number, Name>();
  readonly rtcp = new Map<number, Name>();

  constructor(hex: string) {
    this.#transform = createTransform(SDES_SUITE, Buffer.from(hex, 'hex'));
  }

  /** Index under which it opens; undefined when it is not of this key. */
  indexOfRtp(packet: Buffer): number | undefined {
    const headerBytes = rtpHeaderBytes(packet);
    const sequence = rtpSequence(packet);
    const guessed = rocOf(guessIndex(nameOf(this.rtp, rtpSsrc(packet)).highest, sequence));
    const counters = new Set([Math.max(guessed, 0), ...Array(ROLL_OVERS).keys()]);
    for (const roc of counters) {
      if (this.#transform.openRtp(Buffer.from(packet), headerBytes, roc)) return roc * 0x1_0000 + sequence;
    }
    return undefined;
  }

  indexOfRtcp(packet: Buffer): number | undefined {
    const index = this.#transform.readRtcpIndexWord(packet) - ENCRYPTED_BIT;
    return this.#transform.openRtcp(Buffer.from(packet)) ? index : undefined;
  }
}

/** `keysOf`: hexadecimal keys that a receiver was ever told packets to it come under. */
export function judgeWire(file: string, keysOf: (receiver: number) => readonly string[]): WireVerdict {
  const keys = new Map<string, Key>();
  const counts = { rtp: 0, rtcp: 0, unopened: 0, reused: 0 };
  for (const { receiver, packet } of datagramsOf(readFileSync(file))) {
    const kind = classify(packet);
    const found = kind === 'rtp' || kind === 'rtcp' ? find(keys, keysOf(receiver), packet, kind) : undefined;
    if (!found || (kind !== 'rtp' && kind !== 'rtcp')) {
      counts.unopened += 1;
      continue;
    }
    counts[kind] += 1;
    if (!found.name.note(found.index, packet)) counts.reused += 1;
  }
  const used = [...keys.values()].filter(({ rtp, rtcp }) => rtp.size + rtcp.size > 0);
  return { ...counts, keys: used.length, names: used.reduce((sum, { rtp }) => sum + rtp.size, 0) };
}

/** One receiver's keys are tried; what was sent under one of them is remembered with that of everybody who has it. */
function find(
  keys: Map<string, Key>,
  names: readonly string[],
  packet: Buffer,
  kind: 'rtp' | 'rtcp',
): { readonly name: Name; readonly index: number } | undefined {
  for (const hex of names) {
    const key = keys.get(hex) ?? new Key(hex);
    keys.set(hex, key);
    const index = kind === 'rtp' ? key.indexOfRtp(packet) : key.indexOfRtcp(packet);
    const ssrc = kind === 'rtp' ? rtpSsrc(packet) : rtcpSenderSsrc(packet);
    if (index !== undefined) return { name: nameOf(key[kind], ssrc), index };
  }
  return undefined;
}

function nameOf(names: Map<number, Name>, ssrc: number): Name {
  const name = names.get(ssrc) ?? new Name();
  names.set(ssrc, name);
  return name;
}

function* datagramsOf(capture: Buffer): Iterable<{ readonly receiver: number; readonly packet: Buffer }> {
  for (let at = 0; at + HEADER_BYTES <= capture.length;) {
    const end = at + HEADER_BYTES + capture.readUInt16LE(at + 2);
    yield { receiver: capture.readUInt16LE(at), packet: capture.subarray(at + HEADER_BYTES, end) };
    at = end;
  }
}
