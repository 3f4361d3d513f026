/** Brings a recording to a codec's rate where that is its double or half. Anything else is refused. */

import { DemoError } from '../error.ts';
import type { Wav } from '../wav.ts';

/** Samples of `wav` at `rateHz`; the recording's own when it has that rate already. */
export function samplesAt(wav: Wav, rateHz: number): Int16Array {
  if (wav.sampleRateHz === rateHz) return wav.samples;
  if (wav.sampleRateHz === rateHz * 2) return halve(wav.samples);
  if (wav.sampleRateHz * 2 === rateHz) return double(wav.samples);
  throw new DemoError('WAV_INVALID', `a recording at ${wav.sampleRateHz} Hz cannot be played at ${rateHz} Hz`);
}

/** Every second sample, each first weighed with its neighbours: without that, what lies above the new band folds into it. */
function halve(samples: Int16Array): Int16Array {
  const at = (index: number): number => samples[index] ?? 0;
  return Int16Array.from({ length: Math.floor(samples.length / 2) }, (_, index) =>
    Math.round((at(2 * index - 1) + 2 * at(2 * index) + at(2 * index + 1)) / 4),
  );
}

function double(samples: Int16Array): Int16Array {
  const at = (index: number): number => samples[Math.min(index, samples.length - 1)] ?? 0;
  return Int16Array.from({ length: samples.length * 2 }, (_, index) =>
    Math.round((at(Math.floor(index / 2)) + at(Math.ceil(index / 2))) / 2),
  );
}
