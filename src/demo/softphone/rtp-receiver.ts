/** Takes RTP or SRTP packets of one peer: opens, counts, and decodes them. Refusals are counted by reason. */

import { createDecoder, type CodecName, type Decoder } from '../../protocol/codec/codec.ts';
import { classify } from '../../protocol/rtp/classify.ts';
import {
  rtpHeaderBytes,
  rtpPaddingBytes,
  rtpPayloadType,
  rtpSequence,
  rtpSsrc,
  rtpTimestamp,
} from '../../protocol/rtp/header.ts';
import { SequenceUnwrapper } from '../../protocol/rtp/sequence.ts';
import type { SrtpReceiver } from '../../protocol/srtp/receiver.ts';
import type { Wav } from '../wav.ts';
import { PAYLOAD_TYPES } from './codec.ts';

export interface RtpReceiverOptions {
  readonly codec: CodecName;
  /** How much of what was heard is kept for `recording`, from the first packet on; 0 keeps nothing. */
  readonly keepMs: number;
}

const MAX_SOURCES = 8;
const MAX_SEQUENCES = 1 << 20;

interface Source {
  readonly unwrapper: SequenceUnwrapper;
  readonly sequences: Set<number>;
}

export class RtpReceiver {
  readonly #codec: CodecName;
  readonly #decoder: Decoder;
  readonly #sources = new Map<number, Source>();
  readonly #refused = new Map<string, number>();
  readonly #kept: Int16Array;
  #keptSamples = 0;
  #firstTimestamp: number | undefined;
  #received = 0;
  #highest = 0;
  #lastSsrc: number | undefined;

  constructor({ codec, keepMs }: RtpReceiverOptions) {
    this.#codec = codec;
    this.#decoder = createDecoder(codec);
    this.#kept = new Int16Array((this.#decoder.sampleRateHz * keepMs) / 1000);
  }

  /** Packets with a sequence number not seen before, over all sources. */
  get received(): number {
    return this.#received;
  }

  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused);
  }

  /** Source and extended highest sequence number of the newest packet, for RTCP. */
  get newest(): { readonly ssrc: number; readonly highestSequence: number; readonly lost: number } | undefined {
    const source = this.#lastSsrc === undefined ? undefined : this.#sources.get(this.#lastSsrc);
    if (this.#lastSsrc === undefined || !source) return undefined;
    return { ssrc: this.#lastSsrc, highestSequence: this.#highest, lost: missing(source.sequences) };
  }

  /** Sequence numbers missing between the first and the highest seen, over all sources. */
  get missing(): number {
    return [...this.#sources.values()].reduce((sum, source) => sum + missing(source.sequences), 0);
  }

  /** What was heard, each packet at its place in time; what did not arrive is silence. */
  get recording(): Wav {
    return { sampleRateHz: this.#decoder.sampleRateHz, samples: this.#kept.slice(0, this.#keptSamples) };
  }

  /** Takes one packet, opened with `srtp` where there is one. */
  receive(packet: Buffer, srtp: SrtpReceiver | undefined): void {
    const refusal = this.#take(packet, srtp);
    if (refusal !== undefined) this.refuse(refusal);
  }

  /** Counts a packet refused before it came here. */
  refuse(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  #take(packet: Buffer, srtp: SrtpReceiver | undefined): string | undefined {
    if (classify(packet) !== 'rtp') return 'not_rtp';
    const rtp = srtp ? srtp.unprotectRtp(packet) : packet;
    if (typeof rtp === 'string') return rtp;
    const headerBytes = rtpHeaderBytes(rtp);
    if (headerBytes === 0) return 'rtp_malformed';
    const paddingBytes = rtpPaddingBytes(rtp, headerBytes);
    if (paddingBytes < 0) return 'rtp_malformed';
    if (rtpPayloadType(rtp) !== PAYLOAD_TYPES[this.#codec]) return 'rtp_payload_type';
    const refusal = this.#count(rtpSsrc(rtp), rtpSequence(rtp));
    if (refusal !== undefined) return refusal;
    this.#keep(rtp.subarray(headerBytes, rtp.length - paddingBytes), rtpTimestamp(rtp));
    return undefined;
  }

  #count(ssrc: number, sequence: number): string | undefined {
    const source = this.#sources.get(ssrc) ?? { unwrapper: new SequenceUnwrapper(), sequences: new Set<number>() };
    if (this.#sources.size >= MAX_SOURCES && !this.#sources.has(ssrc)) return 'rtp_too_many_sources';
    this.#sources.set(ssrc, source);
    const extended = source.unwrapper.extend(sequence);
    if (source.sequences.has(extended)) return 'rtp_duplicate';
    if (source.sequences.size < MAX_SEQUENCES) source.sequences.add(extended);
    this.#highest = ssrc === this.#lastSsrc ? Math.max(this.#highest, extended) : extended;
    this.#lastSsrc = ssrc;
    this.#received += 1;
    return undefined;
  }

  #keep(payload: Buffer, timestamp: number): void {
    const samples = this.#decoder.decode(payload);
    if (this.#kept.length === 0) return;
    this.#firstTimestamp ??= timestamp;
    const ticks = (timestamp - this.#firstTimestamp) | 0;
    const at = (ticks * this.#decoder.sampleRateHz) / 8000;
    if (at < 0 || at + samples.length > this.#kept.length) return;
    this.#kept.set(samples, at);
    this.#keptSamples = Math.max(this.#keptSamples, at + samples.length);
  }
}

function missing(sequences: ReadonlySet<number>): number {
  let low = Infinity;
  let high = -Infinity;
  for (const sequence of sequences) {
    low = Math.min(low, sequence);
    high = Math.max(high, sequence);
  }
  return sequences.size === 0 ? 0 : high - low + 1 - sequences.size;
}
