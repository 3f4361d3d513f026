/**
 * Where a call's gaps are. Gaps that touch are told as one; past a bound, those of one stream, processor and reason are
 * told as one span, so that a call of nothing but holes still has an answer of bounded size. None is left out.
 */

import type { Entry } from '../../../model/evidence.ts';

export interface GapSpan {
  readonly stream: string;
  readonly processor?: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

interface Span {
  fromMs: number;
  toMs: number;
  count: number;
}

const MAX_SPANS = 1000;

export class GapAccount {
  readonly #spans = new Map<string, { readonly of: Pick<GapSpan, 'stream' | 'processor' | 'reason'>; list: Span[] }>();
  #total = 0;
  #isCoarse = false;

  add({ stream, processor, reason, from_ms: fromMs, to_ms: toMs, count }: Extract<Entry, { kind: 'gap' }>): void {
    const name = JSON.stringify([stream, processor, reason]);
    const of = { stream, ...(processor === undefined ? {} : { processor }), reason };
    const group = this.#spans.get(name) ?? { of, list: [] };
    this.#spans.set(name, group);
    group.list.push({ fromMs, toMs, count });
    this.#total += 1;
    if (this.#isCoarse) group.list = [enclose(group.list)];
    else if (this.#total > MAX_SPANS) this.#condense();
  }

  /** By stream and time. */
  gaps(): GapSpan[] {
    return [...this.#spans.values()]
      .flatMap(({ of, list }) => joinTouching(list).map((span) => ({ ...of, ...span })))
      .sort((a, b) => (a.stream === b.stream ? a.fromMs - b.fromMs : a.stream < b.stream ? -1 : 1));
  }

  /** Joins what touches, and where that is not enough, all of a kind. */
  #condense(): void {
    this.#total = 0;
    for (const group of this.#spans.values()) {
      group.list = joinTouching(group.list);
      this.#total += group.list.length;
    }
    if (this.#total <= MAX_SPANS / 2) return;
    this.#isCoarse = true;
    for (const group of this.#spans.values()) group.list = [enclose(group.list)];
  }
}

function joinTouching(list: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of list.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last === undefined || span.fromMs > last.toMs) joined.push({ ...span });
    else joined[joined.length - 1] = enclose([last, span]);
  }
  return joined;
}

function enclose(list: readonly Span[]): Span {
  return {
    fromMs: Math.min(...list.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...list.map(({ toMs }) => toMs)),
    count: list.reduce((sum, { count }) => sum + count, 0),
  };
}
