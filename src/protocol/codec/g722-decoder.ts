/** G.722 at 64 kbit/s, decoding: each byte becomes two samples at 16 kHz. Any byte is valid; there is no error state. */

import { clamp, G722Band, HIGH_BAND, LOW_BAND, saturate } from './g722-band.ts';
import {
  HIGH_SCALE_STEPS,
  HIGH_VALUES,
  LOW_SCALE_STEPS,
  LOW_VALUES_4_BITS,
  LOW_VALUES_6_BITS,
  QMF,
} from './g722-tables.ts';

/*
 *    7   6   5   4   3   2   1   0
 *  +-------+-----------------------+
 *  | high  |      low band         |   the low band adapts by bits 5…2 only, so that its
 *  +-------+-----------------------+   last bits may be missing without losing step
 */
/** Sums and differences of the past that the filter still needs. */
const HISTORY = 22;

export class G722Decoder {
  readonly sampleRateHz = 16000;
  readonly #low = new G722Band(LOW_BAND);
  readonly #high = new G722Band(HIGH_BAND);
  #history: Int32Array = new Int32Array(HISTORY);

  decode(payload: Uint8Array): Int16Array {
    const line = new Int32Array(HISTORY + payload.length * 2);
    line.set(this.#history);
    for (let i = 0; i < payload.length; i += 1) {
      const code = payload[i]!;
      const low = this.#decodeLow(code & 63);
      const high = this.#decodeHigh(code >> 6);
      line[HISTORY + 2 * i] = low + high;
      line[HISTORY + 2 * i + 1] = low - high;
    }
    this.#history = line.slice(-HISTORY);
    return synthesize(line, payload.length);
  }

  #decodeLow(code: number): number {
    const band = this.#low;
    const sample = clamp(band.estimate + ((band.scale * LOW_VALUES_6_BITS[code]!) >> 15), -16384, 16383);
    const upper = code >> 2;
    band.adapt((band.scale * LOW_VALUES_4_BITS[upper]!) >> 15, LOW_SCALE_STEPS[upper]!);
    return sample;
  }

  #decodeHigh(code: number): number {
    const band = this.#high;
    const difference = (band.scale * HIGH_VALUES[code]!) >> 15;
    const sample = clamp(band.estimate + difference, -16384, 16383);
    band.adapt(difference, HIGH_SCALE_STEPS[code]!);
    return sample;
  }
}

/** Receive QMF: joins the bands into pairs of samples. The bands have 15 bits, samples 16. */
function synthesize(line: Int32Array, pairs: number): Int16Array {
  const pcm = new Int16Array(pairs * 2);
  for (let at = 0; at < pcm.length; at += 2) {
    let first = 0;
    let second = 0;
    for (let i = 0; i < QMF.length; i += 1) {
      first += line[at + 2 * i + 1]! * QMF[QMF.length - 1 - i]!;
      second += line[at + 2 * i]! * QMF[i]!;
    }
    pcm[at] = saturate(first >> 11);
    pcm[at + 1] = saturate(second >> 11);
  }
  return pcm;
}
