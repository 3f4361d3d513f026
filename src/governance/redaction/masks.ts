/**
 * What is hidden of one leg, in positions of its tokens. A mask is for good: what any look at the words took for
 * something to hide stays hidden whatever later words make of it, and findings that overlap hide their union.
 */

import type { Finding } from './detect/detector.ts';

/** A finding in positions of the leg. */
export interface Mask extends Finding {
  /** Its beginning has left already. */
  readonly isRest?: boolean | undefined;
}

export class Masks {
  /** Disjoint and in order. */
  #masks: Mask[] = [];

  get all(): readonly Mask[] {
    return this.#masks;
  }

  /** One that goes on from here by itself. */
  copy(): Masks {
    const copy = new Masks();
    copy.#masks = [...this.#masks];
    return copy;
  }

  add(mask: Mask): void {
    if (mask.start >= mask.end) return;
    const masks = this.#masks;
    let from = masks.length;
    while (from > 0 && (masks[from - 1]?.end ?? 0) > mask.start) from -= 1;
    let merged = mask;
    let to = from;
    for (let other = masks[to]; other && other.start < mask.end; other = masks[++to]) merged = union(merged, other);
    masks.splice(from, to - from, merged);
  }

  /** The beginning of the mask that `position` would cut in two; `position` itself where it cuts none. */
  uncut(position: number): number {
    const cut = this.#masks.findLast((mask) => mask.start < position);
    return cut && cut.end > position ? cut.start : position;
  }

  covers(position: number): boolean {
    return this.#masks.some((mask) => mask.start <= position && position < mask.end);
  }

  /** Takes out those before `end`, none of which it may cut. */
  takeUntil(end: number): readonly Mask[] {
    let count = 0;
    while ((this.#masks[count]?.start ?? Infinity) < end) count += 1;
    return this.#masks.splice(0, count);
  }
}

/** Under the name of whichever is surer, then longer, then newer. */
function union(newer: Mask, older: Mask): Mask {
  const isSurer = newer.confidence > older.confidence;
  const isAsSure = newer.confidence === older.confidence;
  const isLonger = newer.end - newer.start >= older.end - older.start;
  const name = isSurer || (isAsSure && isLonger) ? newer : older;
  const start = Math.min(newer.start, older.start);
  const end = Math.max(newer.end, older.end);
  // The value of a part is not that of the whole.
  const isWhole = name.start === start && name.end === end;
  const { type, confidence, rule } = name;
  const isRest = newer.isRest === true || older.isRest === true;
  return { start, end, type, confidence, rule, value: isWhole ? name.value : undefined, isRest };
}
