/**
 * What a partial result showed hidden stays hidden: whatever the recogniser makes of those moments later is masked too.
 * Told by time alone, so it needs a recogniser that gives the time of every word.
 */

import type { EntityType, MsRange } from '../../model/transcript.ts';
import type { SettledFinding } from './settled.ts';
import type { Token } from './speech/token.ts';

interface StickyRange extends MsRange {
  readonly type: EntityType;
}

/** What was found less surely is a guess that the next hypothesis may take back. */
const MIN_CONFIDENCE = 0.5;
/** Of more, as no utterance has them, the oldest are forgotten. */
const MAX_RANGES = 256;
const RULE = 'partial.sticky';
/** Less sure than any finding, so that whatever finds the same words anew gives them their name. */
const CONFIDENCE = 0.05;

export class StickyMasks {
  #ranges: readonly StickyRange[] = [];
  /** By position in the leg, of words that are held. */
  #types = new Map<number, EntityType>();

  /** Whether there is nothing to look for, and nothing was marked. */
  get isIdle(): boolean {
    return this.#ranges.length === 0 && this.#types.size === 0;
  }

  /** One that goes on from here by itself. */
  copy(): StickyMasks {
    const copy = new StickyMasks();
    copy.#ranges = this.#ranges;
    copy.#types = new Map(this.#types);
    return copy;
  }

  /** Notes what was found in words that may still change. */
  note({ type, confidence }: Pick<SettledFinding, 'type' | 'confidence'>, tokens: readonly Token[]): void {
    if (confidence < MIN_CONFIDENCE) return;
    let startMs = Infinity;
    let endMs = -Infinity;
    for (const token of tokens) {
      if (!token.isTimed) continue;
      startMs = Math.min(startMs, token.startMs);
      endMs = Math.max(endMs, token.endMs);
    }
    if (startMs >= endMs) return;
    const apart: StickyRange[] = [];
    for (const range of this.#ranges) {
      if (range.type !== type || range.endMs <= startMs || range.startMs >= endMs) {
        apart.push(range);
        continue;
      }
      startMs = Math.min(startMs, range.startMs);
      endMs = Math.max(endMs, range.endMs);
    }
    this.#ranges = [...apart, { type, startMs, endMs }].slice(-MAX_RANGES);
  }

  /** Marks a word if it was said where something was hidden; answers as what, if it was not marked before. */
  mark(token: Token, position: number): EntityType | undefined {
    if (!token.isTimed || this.#types.has(position)) return undefined;
    const type = this.#ranges.find((range) => isMostlyWithin(token, range))?.type;
    if (type !== undefined) this.#types.set(position, type);
    return type;
  }

  /** Adds what is marked, and not hidden anyway, to the findings of words that leave: `count` of them from `position`. */
  addTo(
    findings: SettledFinding[],
    left: { readonly position: number; readonly count: number; readonly at: number },
  ): void {
    const { position, count, at } = left;
    const isHidden = new Set<number>();
    for (const { start, end } of findings) for (let place = start; place < end; place += 1) isHidden.add(place);
    for (let index = 0; index < count; index += 1) {
      const type = this.#types.get(position + index);
      this.#types.delete(position + index);
      if (type !== undefined && !isHidden.has(at + index)) extend(findings, type, at + index);
    }
    findings.sort((a, b) => a.start - b.start);
  }

  /** What was said until then can no longer be revised. */
  forgetUntil(endMs: number): void {
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter((range) => range.endMs > endMs);
  }
}

/** They share at least half of the shorter. */
function isMostlyWithin(word: MsRange, range: MsRange): boolean {
  const sharedMs = Math.min(word.endMs, range.endMs) - Math.max(word.startMs, range.startMs);
  const shorterMs = Math.min(word.endMs - word.startMs, range.endMs - range.startMs);
  return sharedMs > 0 && 2 * sharedMs >= shorterMs;
}

/** Words in a row that were hidden as one thing are one thing. */
function extend(findings: SettledFinding[], type: EntityType, place: number): void {
  const before = findings.findIndex(({ end, rule, type: other }) => end === place && rule === RULE && other === type);
  const start = findings[before]?.start ?? place;
  if (before >= 0) findings.splice(before, 1);
  findings.push({ start, end: place + 1, type, confidence: CONFIDENCE, rule: RULE, value: undefined });
}
