/** RTP and RTCP as the parties of these tests send them: every payload is random, so that none is taken for another. */

import { randomBytes } from 'node:crypto';
import { classify } from '../../../src/protocol/rtp/classify.ts';

const PCMU = 0;
const FRAME_SAMPLES = 160;
const SENDER_REPORT = 200;
export const RTP_HEADER_BYTES = 12;

/** Packets of one source, one after the other. */
export class Voice {
  readonly payloads: Buffer[] = [];
  readonly #ssrc: number;

  constructor(ssrc: number) {
    this.#ssrc = ssrc;
  }

  next(): Buffer {
    const at = this.payloads.length;
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    header[0] = 0x80;
    header[1] = PCMU;
    header.writeUInt16BE(1000 + at, 2);
    header.writeUInt32BE(at * FRAME_SAMPLES, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    const payload = randomBytes(FRAME_SAMPLES);
    this.payloads.push(payload);
    return Buffer.concat([header, payload]);
  }

  /** A sender report without blocks. */
  report(): Buffer {
    const report = Buffer.alloc(28);
    report[0] = 0x80;
    report[1] = SENDER_REPORT;
    report.writeUInt16BE(report.length / 4 - 1, 2);
    report.writeUInt32BE(this.#ssrc, 4);
    report.writeUInt32BE(this.payloads.length, 20);
    report.writeUInt32BE(this.payloads.length * FRAME_SAMPLES, 24);
    return report;
  }
}

/** Payloads of the RTP among these datagrams, hexadecimal. */
export function payloadsOf(datagrams: readonly Buffer[]): string[] {
  return datagrams.flatMap((each) => (classify(each) === 'rtp' ? [each.toString('hex', RTP_HEADER_BYTES)] : []));
}

/** Sources that sender reports among these datagrams speak of. */
export function reportersOf(datagrams: readonly Buffer[]): number[] {
  return datagrams.flatMap((each) =>
    classify(each) === 'rtcp' && each[1] === SENDER_REPORT ? [each.readUInt32BE(4)] : [],
  );
}
