/** How much of a recording is one tone: what a phone hears of another that hums, and of nobody else. */

import type { Wav } from '../../../src/demo/wav.ts';

/** Share of the energy that is at `hz`, from 0 to 1, in what follows the first `skipMs` (Goertzel's filter). */
export function shareOfTone({ sampleRateHz, samples }: Wav, hz: number, skipMs = 300): number {
  const heard = samples.subarray(Math.round((sampleRateHz * skipMs) / 1000));
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  let [before, last, energy] = [0, 0, 0];
  for (const sample of heard) {
    [before, last] = [last, sample + coefficient * last - before];
    energy += sample ** 2;
  }
  const power = last ** 2 + before ** 2 - coefficient * last * before;
  return energy === 0 ? 0 : (2 * power) / (energy * heard.length);
}
