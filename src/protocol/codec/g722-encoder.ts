/** G.722 at 64 kbit/s, encoding: each two samples at 16 kHz become one byte. For our softphones and tests. */

import { G722Band, HIGH_BAND, LOW_BAND, saturate } from './g722-band.ts';
import {
  HIGH_LEVEL,
  HIGH_SCALE_STEPS,
  HIGH_VALUES,
  LOW_CODES_NEGATIVE,
  LOW_CODES_POSITIVE,
  LOW_LEVELS,
  LOW_SCALE_STEPS,
  LOW_VALUES_4_BITS,
  QMF,
} from './g722-tables.ts';

/** Samples of the past that the filter still needs. */
const HISTORY = 22;

export class G722Encoder {
  readonly sampleRateHz = 16000;
  readonly #low = new G722Band(LOW_BAND);
  readonly #high = new G722Band(HIGH_BAND);
  /** The filter's past, and after it a sample still waiting for its pair. */
  #kept: Int16Array = new Int16Array(HISTORY);

  encode(pcm: Int16Array): Uint8Array {
    const line = new Int16Array(this.#kept.length + pcm.length);
    line.set(this.#kept);
    line.set(pcm, this.#kept.length);
    const payload = new Uint8Array((line.length - HISTORY) >> 1);
    for (let i = 0; i < payload.length; i += 1) payload[i] = this.#encodePair(line, 2 * i);
    this.#kept = line.slice(2 * payload.length);
    return payload;
  }

  /** Transmit QMF: splits two samples, and the 22 before them, into one of each band; then quantizes both. */
  #encodePair(line: Int16Array, at: number): number {
    let even = 0;
    let odd = 0;
    for (let i = 0; i < QMF.length; i += 1) {
      odd += line[at + 2 * i]! * QMF[i]!;
      even += line[at + 2 * i + 1]! * QMF[QMF.length - 1 - i]!;
    }
    return (this.#encodeHigh((even - odd) >> 14) << 6) | this.#encodeLow((even + odd) >> 14);
  }

  #encodeLow(sample: number): number {
    const band = this.#low;
    const error = saturate(sample - band.estimate);
    const magnitude = error < 0 ? ~error : error;
    let level = 1;
    while (level < LOW_LEVELS.length && magnitude >= (LOW_LEVELS[level]! * band.scale) >> 12) level += 1;
    const code = (error < 0 ? LOW_CODES_NEGATIVE : LOW_CODES_POSITIVE)[level]!;
    const upper = code >> 2;
    band.adapt((band.scale * LOW_VALUES_4_BITS[upper]!) >> 15, LOW_SCALE_STEPS[upper]!);
    return code;
  }

  #encodeHigh(sample: number): number {
    const band = this.#high;
    const error = saturate(sample - band.estimate);
    const isLarge = (error < 0 ? ~error : error) >= (HIGH_LEVEL * band.scale) >> 12;
    const code = (error < 0 ? 0 : 2) | (isLarge ? 0 : 1);
    band.adapt((band.scale * HIGH_VALUES[code]!) >> 15, HIGH_SCALE_STEPS[code]!);
    return code;
  }
}
