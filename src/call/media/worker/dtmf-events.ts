/**
 * When and how long keys were pressed on one leg, read from its telephone-event packets (RFC 4733 §2.3). It never looks at
 * which key: that byte is not read here.
 */

import { rtpHeaderBytes, rtpPaddingBytes, rtpSsrc, rtpTimestamp } from '../../../protocol/rtp/header.ts';

/*
 *   0                   1                   2                   3
 *  |     event     |E|R| volume    |          duration             |
 */
const EVENT_BYTES = 4;
const END_BIT = 0x80;
/** A key's end is sent three times; when all are lost the event ends here, so long after its last packet. */
const SILENCE_US = 1_000_000;
/** Nobody presses keys this often: what is beyond is counted and not told. */
const MAX_PER_SECOND = 50;
const SECOND_US = 1_000_000;

export class DtmfEvents {
  /** The event told last: when it began, and for how long. */
  atUs = 0;
  durationMs = 0;
  #ssrc = -1;
  #timestamp = -1;
  #isOpen = false;
  #beganUs = 0;
  #newestUs = 0;
  #longestMs = 0;
  #secondBeganUs = Number.NEGATIVE_INFINITY;
  #toldInSecond = 0;
  #untold = 0;

  /** Takes one telephone-event packet. True when an event is over; read it before the next packet. */
  note(packet: Buffer, clockRateHz: number, arrivalUs: number): boolean {
    const headerBytes = rtpHeaderBytes(packet);
    if (packet.length - rtpPaddingBytes(packet, headerBytes) < headerBytes + EVENT_BYTES) return false;
    const ssrc = rtpSsrc(packet);
    const timestamp = rtpTimestamp(packet);
    let isOver = false;
    if (ssrc !== this.#ssrc || isLater(timestamp, this.#timestamp)) {
      isOver = this.#close(arrivalUs);
      this.#ssrc = ssrc;
      this.#timestamp = timestamp;
      this.#isOpen = true;
      this.#beganUs = arrivalUs;
      this.#longestMs = 0;
    } else if (timestamp !== this.#timestamp || !this.#isOpen) return false;
    this.#newestUs = arrivalUs;
    const durationMs = Math.round((packet.readUInt16BE(headerBytes + 2) * 1000) / clockRateHz);
    if (durationMs > this.#longestMs) this.#longestMs = durationMs;
    const isEnd = (packet.readUInt8(headerBytes + 1) & END_BIT) !== 0;
    // An event cut short by the one that ends with its first packet is told; this one then waits for its next packet.
    return isEnd && !isOver ? this.#close(arrivalUs) : isOver;
  }

  /** Ends an event whose end was lost. True when one is over. */
  expire(nowUs: number): boolean {
    return this.#isOpen && nowUs - this.#newestUs >= SILENCE_US && this.#close(nowUs);
  }

  /** Events over the limit since this was last asked. */
  takeUntold(): number {
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }

  #close(nowUs: number): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    if (nowUs - this.#secondBeganUs >= SECOND_US) {
      this.#secondBeganUs = nowUs;
      this.#toldInSecond = 0;
    }
    this.#toldInSecond += 1;
    if (this.#toldInSecond > MAX_PER_SECOND) {
      this.#untold += 1;
      return false;
    }
    this.atUs = this.#beganUs;
    this.durationMs = this.#longestMs;
    return true;
  }
}

/** Whether a 32-bit timestamp lies ahead of another; late repetitions of an event that was told do not. */
function isLater(timestamp: number, than: number): boolean {
  return than < 0 || ((timestamp - than) | 0) > 0;
}
