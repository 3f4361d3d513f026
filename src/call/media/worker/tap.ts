/**
 * The running copy of one stream. It exists only while governance has it open, and a packet past its absolute deadline
 * ends it: a dead-man's switch, not a setting. Dialled digits, comfort noise and RTCP never cross it.
 */

import type { StreamId, TapId } from '../../../base/ids.ts';
import type { TapEnd } from '../../../link/messages.ts';
import type { TapWriter } from '../../../link/tap-channel.ts';
import { MAX_TAP_FRAME_BYTES, MEDIA_HEADER_BYTES } from '../../../link/tap-frame.ts';
import {
  rtpHeaderBytes,
  rtpPaddingBytes,
  rtpPayloadType,
  rtpSsrc,
  rtpTimestamp,
} from '../../../protocol/rtp/header.ts';

/** Nothing larger is an audio packet, and one must not be able to break the tap socket for every other stream. */
const MAX_PAYLOAD_BYTES = MAX_TAP_FRAME_BYTES - MEDIA_HEADER_BYTES;
/** In place of what is no audio: its number and time go, so that nobody takes it for a loss, and not a bit of it. */
const NOTHING = Buffer.alloc(0);

export interface TapOptions {
  readonly tap: TapId;
  readonly stream: StreamId;
  /** CLOCK_MONOTONIC. */
  readonly deadlineUs: number;
  readonly writer: TapWriter;
  /** Whether packets of that payload type are audio. */
  readonly isAudio: (payloadType: number) => boolean;
  readonly onEnd: (tap: Tap, reason: TapEnd, dropped: number) => void;
}

export class Tap {
  readonly tap: TapId;
  readonly stream: StreamId;
  readonly #writer: TapWriter;
  readonly #isAudio: (payloadType: number) => boolean;
  readonly #onEnd: TapOptions['onEnd'];
  #deadlineUs: number;
  #frames = 0;
  #isOver = false;

  constructor({ tap, stream, deadlineUs, writer, isAudio, onEnd }: TapOptions) {
    this.tap = tap;
    this.stream = stream;
    this.#deadlineUs = deadlineUs;
    this.#writer = writer;
    this.#isAudio = isAudio;
    this.#onEnd = onEnd;
  }

  /** Frames offered to the socket so far, those lost before it included. */
  get frames(): number {
    return this.#frames;
  }

  begin(streamStartUs: number): void {
    this.#writer.send({ kind: 'begin', tap: this.tap, stream: this.stream, streamStartUs });
  }

  /** Copies one accepted packet out, unless the deadline has passed. The packet may be changed as soon as this returns. */
  offer(packet: Buffer, extendedSequence: number, arrivalUs: number): void {
    if (arrivalUs > this.#deadlineUs) {
      this.end('lapsed');
      return;
    }
    if (extendedSequence < 0) return;
    const payloadType = rtpPayloadType(packet);
    const payload = this.#isAudio(payloadType) ? audioOf(packet) : NOTHING;
    if (payload.length > MAX_PAYLOAD_BYTES) return;
    this.#frames += 1;
    this.#writer.send({
      kind: 'media',
      tap: this.tap,
      arrivalUs,
      ssrc: rtpSsrc(packet),
      extendedSequence,
      rtpTimestamp: rtpTimestamp(packet),
      payloadType,
      payload,
    });
  }

  /** Moves the deadline forward, never back. False when this tap, or the renewal, is already past its time. */
  renew(deadlineUs: number, nowUs: number): boolean {
    if (this.lapse(nowUs) || deadlineUs <= nowUs) return false;
    this.#deadlineUs = Math.max(this.#deadlineUs, deadlineUs);
    return true;
  }

  /** Ends the tap if its deadline has passed; true when it is over. */
  lapse(nowUs: number): boolean {
    if (!this.#isOver && nowUs > this.#deadlineUs) this.end('lapsed');
    return this.#isOver;
  }

  end(reason: TapEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const dropped = this.#writer.droppedOf(this.tap);
    this.#writer.send({ kind: 'end', tap: this.tap });
    this.#onEnd(this, reason, dropped);
  }
}

function audioOf(packet: Buffer): Buffer {
  const headerBytes = rtpHeaderBytes(packet);
  return packet.subarray(headerBytes, packet.length - rtpPaddingBytes(packet, headerBytes));
}
