/** Turns frames of samples into RTP or SRTP packets of one source. It sends nothing itself. */

import { asBuffer } from '../../base/bytes.ts';
import type { RandomBytes } from '../../base/ids.ts';
import { createEncoder, type CodecName, type Encoder } from '../../protocol/codec/codec.ts';
import type { SrtpSender } from '../../protocol/srtp/sender.ts';
import { FRAME_MS, FRAME_TICKS, PAYLOAD_TYPES } from './codec.ts';

const HEADER_BYTES = 12;

export interface RtpSenderOptions {
  readonly codec: CodecName;
  /** Protects every packet; undefined for plain RTP. */
  readonly srtp: SrtpSender | undefined;
  readonly random: RandomBytes;
}

export class RtpSender {
  readonly ssrc: number;
  readonly #codec: CodecName;
  readonly #encoder: Encoder;
  readonly #srtp: SrtpSender | undefined;
  #sequence: number;
  #timestamp: number;
  #packets = 0;
  #payloadBytes = 0;

  constructor({ codec, srtp, random }: RtpSenderOptions) {
    const chance = asBuffer(random(9));
    this.ssrc = chance.readUInt32BE(0);
    this.#timestamp = chance.readUInt32BE(4);
    // Low at first: a receiver that misses the first packets cannot take an early wrap for a late start.
    this.#sequence = chance.readUInt8(8);
    this.#codec = codec;
    this.#encoder = createEncoder(codec);
    this.#srtp = srtp;
  }

  get packets(): number {
    return this.#packets;
  }

  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** RTP timestamp of the next frame. */
  get timestamp(): number {
    return this.#timestamp;
  }

  get frameSamples(): number {
    return (this.#encoder.sampleRateHz * FRAME_MS) / 1000;
  }

  get sampleRateHz(): number {
    return this.#encoder.sampleRateHz;
  }

  /** A frame that is not sent: time goes on, numbers do not. */
  skipFrame(): void {
    this.#timestamp = (this.#timestamp + FRAME_TICKS) >>> 0;
  }

  /** The next packet, or undefined when SRTP refused to protect it. */
  nextPacket(samples: Int16Array): Buffer | undefined {
    const payload = this.#encoder.encode(samples);
    const packet = Buffer.alloc(HEADER_BYTES + payload.length);
    packet[0] = 0x80;
    packet[1] = (this.#packets === 0 ? 0x80 : 0) | PAYLOAD_TYPES[this.#codec];
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(this.#timestamp, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    packet.set(payload, HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.skipFrame();
    const out = this.#srtp ? this.#srtp.protectRtp(packet) : packet;
    if (typeof out === 'string') return undefined;
    this.#packets += 1;
    this.#payloadBytes += payload.length;
    return out;
  }
}
