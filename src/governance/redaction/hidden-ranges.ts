/**
 * Where in the audio hidden words were said: with room on either side, as word times are never exact, and with more of
 * it where the recogniser gave none. Ranges that nearly touch are one.
 */

import type { MsRange } from '../../model/transcript.ts';
import type { Item } from './lexer.ts';

const PAD_MS = 120;
const UNTIMED_PAD_MS = 400;
/** Between two hidden words is nothing worth hearing that is shorter. */
const MIN_GAP_MS = 250;

/** In order, disjoint and in whole ms. */
export function hiddenRanges(items: readonly Item[]): readonly MsRange[] {
  return mergeRanges(items.map(paddedRange));
}

/** Of as many pieces as one likes: in order and disjoint. */
export function mergeRanges(ranges: readonly MsRange[]): readonly MsRange[] {
  const merged: MsRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (!last || range.startMs - last.endMs >= MIN_GAP_MS) merged.push(range);
    else merged[merged.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, range.endMs) };
  }
  return merged;
}

function paddedRange({ startMs, endMs, isTimed }: Item): MsRange {
  const padMs = isTimed ? PAD_MS : UNTIMED_PAD_MS;
  const from = Math.max(0, Math.floor(startMs - padMs));
  return { startMs: from, endMs: Math.max(from, Math.ceil(endMs + padMs)) };
}
