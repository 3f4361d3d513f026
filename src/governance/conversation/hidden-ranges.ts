/** Times at which something hidden was said, of a whole release: merged, and few enough to be recorded. Pure. */

import type { MsRange } from '../../model/transcript.ts';

/** As many as an entry holds. */
export const MAX_HIDDEN_RANGES = 32;

/** The same times as ranges that do not touch, in order; past `most` the nearest are one, so that none of it is lost. */
export function joinRanges(ranges: readonly MsRange[], most = MAX_HIDDEN_RANGES): readonly MsRange[] {
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of ranges.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  if (merged.length <= most) return merged;
  const between = merged.slice(1).map(({ startMs }, at) => ({ at, ms: startMs - (merged[at]?.endMs ?? startMs) }));
  const kept = between.toSorted((a, b) => b.ms - a.ms).slice(0, most - 1);
  const ends = [...kept.map(({ at }) => at).toSorted((a, b) => a - b), merged.length - 1];
  return ends.map((end, place) => {
    const start = (ends[place - 1] ?? -1) + 1;
    return { startMs: merged[start]?.startMs ?? 0, endMs: merged[end]?.endMs ?? 0 };
  });
}
