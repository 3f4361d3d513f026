/** What a call was denied, and why: refusals that say the same, counted together. Bounded in the reasons it tells apart. */

import type { Entry } from '../../../model/evidence.ts';

export interface RefusalCount {
  readonly entrypoint: string;
  readonly processor?: string;
  readonly subscriber?: string;
  readonly code: string;
  /** Names of rules, each once; none where there were too many different ones to tell. */
  readonly rules: readonly string[];
  readonly count: number;
}

const MAX_GROUPS = 500;

export class RefusalAccount {
  readonly #groups = new Map<string, { readonly of: Omit<RefusalCount, 'count'>; count: number }>();

  add({ processor, subscriber, count, decision }: Extract<Entry, { kind: 'refusal' }>): void {
    const { entrypoint, code } = decision;
    const whom = {
      ...(processor === undefined ? {} : { processor }),
      ...(subscriber === undefined ? {} : { subscriber }),
    };
    const rules = [...new Set(decision.rules.map(({ rule }) => rule))].sort();
    const of = { entrypoint, ...whom, code, rules };
    const name = nameOf(of);
    const isTold = this.#groups.has(name) || this.#groups.size < MAX_GROUPS;
    this.#count(isTold ? of : { ...of, rules: [] }, count);
  }

  /** The most frequent first. */
  refusals(): RefusalCount[] {
    return [...this.#groups.values()].map(({ of, count }) => ({ ...of, count })).sort((a, b) => b.count - a.count);
  }

  #count(of: Omit<RefusalCount, 'count'>, count: number): void {
    const name = nameOf(of);
    const known = this.#groups.get(name);
    if (known === undefined) this.#groups.set(name, { of, count });
    else known.count += count;
  }
}

function nameOf({ entrypoint, processor, subscriber, code, rules }: Omit<RefusalCount, 'count'>): string {
  return JSON.stringify([entrypoint, processor, subscriber, code, rules]);
}
