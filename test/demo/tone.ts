/** Short generated sounds for tests: no speech, no files. */

/** A sine of `lengthMs` at about half of full scale. */
export function tone(options: { sampleRateHz: number; lengthMs: number; hertz?: number }): Int16Array {
  const { sampleRateHz, lengthMs, hertz = 440 } = options;
  return Int16Array.from({ length: (sampleRateHz * lengthMs) / 1000 }, (_, at) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * hertz * at) / sampleRateHz)),
  );
}

export function silence(options: { sampleRateHz: number; lengthMs: number }): Int16Array {
  return new Int16Array((options.sampleRateHz * options.lengthMs) / 1000);
}

export function join(...parts: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
