/**
 * One sub-band of G.722: its adaptive predictor and scale factor, the same in encoder and decoder (blocks 3 and 4 of
 * the Recommendation). Both ends run it on the same differences, so neither ever sends its state.
 */

import { INVERSE_LOG } from './g722-tables.ts';

const POLES = 2;
const ZEROS = 6;

export interface BandLimits {
  /** Scale factor before the first sample. */
  readonly firstScale: number;
  /** Largest logarithmic scale factor. */
  readonly maxLogScale: number;
  /** Binary point of the scale factor: 8 for the low band, 10 for the high one. */
  readonly scaleShift: number;
}

export const LOW_BAND: BandLimits = { firstScale: 32, maxLogScale: 18432, scaleShift: 8 };
export const HIGH_BAND: BandLimits = { firstScale: 8, maxLogScale: 22528, scaleShift: 10 };

export class G722Band {
  /** What the predictor expects next. */
  estimate = 0;
  /** Linear scale factor of the quantizer. */
  scale: number;

  readonly #limits: BandLimits;
  #logScale = 0;
  #zeroEstimate = 0;
  /** Coefficients and the past they weigh; newest first. */
  readonly #poles = new Int32Array(POLES);
  readonly #zeros = new Int32Array(ZEROS);
  readonly #reconstructed = new Int32Array(POLES);
  readonly #partial = new Int32Array(POLES);
  readonly #differences = new Int32Array(ZEROS);

  constructor(limits: BandLimits) {
    this.#limits = limits;
    this.scale = limits.firstScale;
  }

  /** Takes one quantized difference and adapts: first the scale factor by `scaleStep`, then the predictor. */
  adapt(difference: number, scaleStep: number): void {
    this.#adaptScale(scaleStep);
    this.#adaptPoles(difference);
    this.#adaptZeros(difference);
    this.#predict();
  }

  /** LOGSCL, SCALEL and their high-band twins. */
  #adaptScale(step: number): void {
    const decayed = (this.#logScale * 127) >> 7;
    this.#logScale = clamp(decayed + step, 0, this.#limits.maxLogScale);
    const mantissa = INVERSE_LOG[(this.#logScale >> 6) & 31]!;
    const shift = this.#limits.scaleShift - (this.#logScale >> 11);
    this.scale = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }

  /** RECONS, PARREC, UPPOL2, UPPOL1: a pole moves with the sign that the partial signal shares with its past. */
  #adaptPoles(difference: number): void {
    const poles = this.#poles;
    const partial = this.#partial;
    const current = saturate(this.#zeroEstimate + difference);
    const agreesOnce = current >> 31 === partial[0]! >> 31;
    const agreesTwice = current >> 31 === partial[1]! >> 31;

    const first = saturate(poles[0]! << 2);
    const pull = agreesOnce ? Math.min(-first, 32767) : first;
    const second = (agreesTwice ? 128 : -128) + (pull >> 7) + ((poles[1]! * 32512) >> 15);
    const nextSecond = clamp(second, -12288, 12288);
    const nextFirst = saturate((agreesOnce ? 192 : -192) + ((poles[0]! * 32640) >> 15));
    // The poles stay inside the unit circle, whatever a hostile stream says.
    const bound = saturate(15360 - nextSecond);
    poles[0] = clamp(nextFirst, -bound, bound);
    poles[1] = nextSecond;

    partial[1] = partial[0]!;
    partial[0] = current;
    this.#reconstructed[1] = this.#reconstructed[0]!;
    this.#reconstructed[0] = saturate(this.estimate + difference);
  }

  /** UPZERO, DELAYA and FILTEZ in one pass, oldest first, so that each past difference moves up after its last use. */
  #adaptZeros(difference: number): void {
    const zeros = this.#zeros;
    const past = this.#differences;
    const step = difference === 0 ? 0 : 128;
    const sign = difference >> 31;
    let estimate = 0;
    for (let i = ZEROS - 1; i >= 0; i -= 1) {
      const zero = saturate((past[i]! >> 31 === sign ? step : -step) + ((zeros[i]! * 32640) >> 15));
      const newer = i === 0 ? difference : past[i - 1]!;
      zeros[i] = zero;
      past[i] = newer;
      estimate += (zero * saturate(2 * newer)) >> 15;
    }
    this.#zeroEstimate = saturate(estimate);
  }

  /** FILTEP and PREDIC. */
  #predict(): void {
    const first = (this.#poles[0]! * saturate(2 * this.#reconstructed[0]!)) >> 15;
    const second = (this.#poles[1]! * saturate(2 * this.#reconstructed[1]!)) >> 15;
    this.estimate = saturate(saturate(first + second) + this.#zeroEstimate);
  }
}

/** To 16 bits, as every sum of the Recommendation is kept. */
export function saturate(value: number): number {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : value;
}

export function clamp(value: number, low: number, high: number): number {
  return value > high ? high : value < low ? low : value;
}
