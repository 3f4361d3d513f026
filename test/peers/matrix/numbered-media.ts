/**
 * Plain RTP that can be told apart packet by packet: payload type 0 with 160 bytes, its number and bytes that follow from
 * it, as libsrtp-phone.c sends them. It judges what it hears by the same rule; of SRTP and SDP it knows nothing.
 */

import { randomInt } from 'node:crypto';
import { systemClock } from '../../../src/base/clock.ts';
import { bindPair, bindUdp, type Endpoint, type UdpPort } from '../../../src/demo/softphone/udp-port.ts';
import type { MediaCounts } from './media-end.ts';

const [HEADER_BYTES, PAYLOAD_BYTES, REPORT_BYTES] = [12, 160, 28];
const EVERY_MS = 10;
const SEQUENCES = 0x1_0000;

export class NumberedMedia {
  rtp!: UdpPort;
  rtcp!: UdpPort;
  /** Where it sends; undefined before it is known. */
  target: { readonly rtp: Endpoint; readonly rtcp: Endpoint } | undefined;
  readonly #heard = new Set<number>();
  readonly #heardSsrcs = new Set<number>();
  readonly #counts = { sent: 0, repeated: 0, altered: 0, reportsSent: 0, reportsReceived: 0, reportsAltered: 0 };
  #ssrc = randomInt(1, 0xffff_ffff);
  #number = 0;
  #sequence: number;
  #left = 0;
  #reportEvery = 1;
  #stopSending: () => void = () => undefined;

  private constructor(firstSequence: number) {
    this.#sequence = firstSequence;
  }

  static async open(firstSequence: number): Promise<NumberedMedia> {
    const media = new NumberedMedia(firstSequence);
    const { rtp, rtcp } = await bindPair({
      bind: bindUdp,
      address: '127.0.0.1',
      onRtp: (bytes) => media.#hear(bytes),
      onRtcp: (bytes) => media.#hearReport(bytes),
    });
    media.rtp = rtp;
    media.rtcp = rtcp;
    return media;
  }

  get counts(): MediaCounts {
    return { ...this.#counts, received: this.#heard.size, refused: 0, reportsRefused: 0 };
  }

  /** How many sources it heard. */
  get sourcesHeard(): number {
    return this.#heardSsrcs.size;
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  /** From now on it speaks as somebody else, or as somebody it was before, with these numbers. */
  speakAs(ssrc: number, sequence: number): void {
    this.#ssrc = ssrc;
    this.#sequence = sequence;
  }

  /** Its next packet has this number: two phones with the same ear must not count alike. */
  countFrom(number: number): void {
    this.#number = number;
  }

  /** Lets so many sequence numbers pass without a packet. */
  skip(sequences: number): void {
    this.#sequence = (this.#sequence + sequences) % SEQUENCES;
  }

  send(packets: number, reportEvery: number): void {
    this.#left = packets;
    this.#reportEvery = reportEvery;
    this.#stopSending();
    let dueUs = systemClock.monoUs();
    // As many as are due: a machine that is busy makes them late, not fewer.
    const timer = setInterval(() => {
      for (; this.#left > 0 && systemClock.monoUs() >= dueUs; dueUs += EVERY_MS * 1000) this.#sendNext();
      if (this.#left === 0) this.#stopSending();
    }, EVERY_MS);
    this.#stopSending = () => clearInterval(timer);
  }

  async close(): Promise<void> {
    this.#stopSending();
    await Promise.all([this.rtp.close(), this.rtcp.close()]);
  }

  #sendNext(): void {
    const { target } = this;
    if (!target) throw new Error('it was not told where to send to');
    this.rtp.send(this.#packet(), target.rtp);
    this.#counts.sent += 1;
    this.#number += 1;
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    this.#left -= 1;
    if (this.#left % this.#reportEvery !== 0) return;
    this.rtcp.send(this.#report(), target.rtcp);
    this.#counts.reportsSent += 1;
  }

  #packet(): Buffer {
    const number = this.#number;
    const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
    packet[0] = 0x80;
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(number * PAYLOAD_BYTES, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    fill(packet, number);
    return packet;
  }

  /** A sender report without blocks (RFC 3550 §6.4.1). */
  #report(): Buffer {
    const report = Buffer.alloc(REPORT_BYTES);
    report.writeUInt32BE(0x80c8_0000 + REPORT_BYTES / 4 - 1, 0);
    report.writeUInt32BE(this.#ssrc, 4);
    report.writeUInt32BE(this.#counts.sent, 20);
    report.writeUInt32BE(this.#counts.sent * PAYLOAD_BYTES, 24);
    return report;
  }

  #hear(packet: Buffer): void {
    const number = packet.length === HEADER_BYTES + PAYLOAD_BYTES ? packet.readUInt32BE(HEADER_BYTES) : -1;
    const expected = Buffer.from(packet);
    if (number >= 0) fill(expected, number);
    const isAsSent = number >= 0 && expected.equals(packet) && packet.readUInt32BE(4) === number * PAYLOAD_BYTES;
    if (!isAsSent) this.#counts.altered += 1;
    else if (this.#heard.has(number)) this.#counts.repeated += 1;
    if (isAsSent) this.#heard.add(number);
    this.#heardSsrcs.add(packet.readUInt32BE(8));
  }

  #hearReport(report: Buffer): void {
    this.#counts.reportsReceived += 1;
    const isAsSent =
      report.length === REPORT_BYTES && report[1] === 200 && this.#heardSsrcs.has(report.readUInt32BE(4));
    if (!isAsSent) this.#counts.reportsAltered += 1;
  }
}

/** The bytes that libsrtp-phone.c puts after the header of its packet with that number. */
function fill(packet: Buffer, number: number): void {
  packet.writeUInt32BE(number, HEADER_BYTES);
  for (let at = 4; at < PAYLOAD_BYTES; at++) packet[HEADER_BYTES + at] = (number * 7 + at) & 0xff;
}
