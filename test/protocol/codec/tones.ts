/** Test signals and a measure of how well a codec carries them. Deterministic: no randomness beyond a seeded one. */

export function tone(hz: number, samples: number, amplitude = 8000): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / 16_000)),
  );
}

/** Noise with the slope of long-term speech: most of it low, some of it everywhere, swelling like syllables. */
export function speechLikeNoise(samples: number, seed = 1): Int16Array {
  let state = seed;
  let low = 0;
  return Int16Array.from({ length: samples }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    low = 0.9 * low + (state / 2 ** 31 - 1);
    return Math.round(2500 * low * (0.55 + 0.45 * Math.sin((2 * Math.PI * 4 * i) / 16_000)));
  });
}

/** Signal to noise in dB of `heard` against `sent`, `heard` being `delay` samples late; skips the settling start. */
export function snrDb(sent: Int16Array, heard: Int16Array, delay: number): number {
  let signal = 0;
  let noise = 0;
  for (let i = 1600; i + delay < heard.length; i += 1) {
    signal += sent[i]! ** 2;
    noise += (heard[i + delay]! - sent[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}
