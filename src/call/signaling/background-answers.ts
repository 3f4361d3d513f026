/**
 * Answers looked up in the background, so that a call waits for one at most once, and then briefly. Bounded in keys,
 * waiters and lookups; what was once found is used until something better is, however long lookups fail.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { SignalingLimits } from './limits.ts';

export interface Found<Answer> {
  /** Undefined when nothing was found. */
  readonly answer: Answer | undefined;
  /** How long it may be used; the usual time when left out. */
  readonly ttlMs?: number | undefined;
  /** Found by guessing after a failure: it does not take the place of what is known. */
  readonly isWeak?: boolean;
}

interface Entry<Answer> {
  answer: Answer | undefined;
  freshUntilUs: number;
  looking: boolean;
  /** Named in the routes: never evicted. */
  kept: boolean;
  waiting: ((answer: Answer | undefined) => void)[];
}

const MAX_LOOKUPS = 16;
/** What was not found is not asked for again at once, or every call to a dead name would be a lookup. */
const RETRY_FAILED_MS = 2000;

export interface BackgroundAnswersOptions<Answer> {
  readonly clock: Clock;
  readonly limits: SignalingLimits;
  /** May reject, which is the same as nothing found. */
  readonly find: (key: string) => Promise<Found<Answer>>;
}

export class BackgroundAnswers<Answer> {
  readonly #options: BackgroundAnswersOptions<Answer>;
  readonly #entries = new Map<string, Entry<Answer>>();
  #lookups = 0;
  #waiters = 0;

  constructor(options: BackgroundAnswersOptions<Answer>) {
    this.#options = options;
  }

  /** The answer known now, without waiting; starts a lookup when it is missing or old. */
  known(key: string): Answer | undefined {
    const entry = this.#entry(key);
    if (!entry) return undefined;
    if (this.#options.clock.monoUs() >= entry.freshUntilUs) this.#refresh(key, entry);
    return entry.answer;
  }

  /** Calls `done` once: at once when known, else when the first lookup ends or its deadline passes (with nothing). */
  ask(key: string, done: (answer: Answer | undefined) => void): void {
    const known = this.known(key);
    const entry = this.#entries.get(key);
    const mayWait = this.#waiters < this.#options.limits.maxNameWaiters;
    if (known === undefined && entry?.looking && mayWait) this.#wait(entry, done);
    else done(known);
  }

  /** These are kept warm, and looked up before a call asks; what was kept before is so no longer. */
  keep(keys: readonly string[]): void {
    for (const entry of this.#entries.values()) entry.kept = false;
    for (const key of keys) {
      const entry = this.#entry(key);
      if (entry) entry.kept = true;
      this.known(key);
    }
  }

  #wait(entry: Entry<Answer>, done: (answer: Answer | undefined) => void): void {
    let settled = false;
    let cancel: Cancel | undefined = undefined;
    const settle = (answer: Answer | undefined): void => {
      if (settled) return;
      settled = true;
      this.#waiters -= 1;
      cancel?.();
      done(answer);
    };
    this.#waiters += 1;
    entry.waiting.push(settle);
    cancel = this.#options.clock.after(this.#options.limits.resolveTimeoutMs, () => {
      entry.waiting = entry.waiting.filter((other) => other !== settle);
      settle(undefined);
    });
  }

  #entry(key: string): Entry<Answer> | undefined {
    const known = this.#entries.get(key);
    if (known) return known;
    if (this.#entries.size >= this.#options.limits.maxNames && !this.#evict()) return undefined;
    const entry: Entry<Answer> = { answer: undefined, freshUntilUs: 0, looking: false, kept: false, waiting: [] };
    this.#entries.set(key, entry);
    return entry;
  }

  /** The oldest that no route uses and nobody waits for makes room. */
  #evict(): boolean {
    for (const [key, entry] of this.#entries) {
      if (entry.kept || entry.looking) continue;
      this.#entries.delete(key);
      return true;
    }
    return false;
  }

  #refresh(key: string, entry: Entry<Answer>): void {
    if (entry.looking || this.#lookups >= MAX_LOOKUPS) return;
    entry.looking = true;
    this.#lookups += 1;
    this.#options.find(key).then(
      (found) => this.#finish(entry, found),
      () => this.#finish(entry, { answer: undefined }),
    );
  }

  #finish(entry: Entry<Answer>, found: Found<Answer>): void {
    const { clock, limits } = this.#options;
    this.#lookups -= 1;
    entry.looking = false;
    const isBetter = found.answer !== undefined && (entry.answer === undefined || !found.isWeak);
    if (isBetter) entry.answer = found.answer;
    entry.freshUntilUs = clock.monoUs() + (found.answer === undefined ? RETRY_FAILED_MS : ttlOf(found, limits)) * 1000;
    const waiting = entry.waiting;
    entry.waiting = [];
    for (const done of waiting) done(entry.answer);
    this.#lookUpNextKept();
  }

  /** Of many names kept at once only some could be looked up then: the others follow, each once. */
  #lookUpNextKept(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.kept && !entry.looking && entry.freshUntilUs === 0) this.#refresh(key, entry);
      if (this.#lookups >= MAX_LOOKUPS) return;
    }
  }
}

/** Within bounds, whatever DNS says: 0 would be a lookup per call, and a day a day of calls to where nobody is. */
function ttlOf(found: Found<unknown>, limits: SignalingLimits): number {
  if (found.ttlMs === undefined) return limits.resolveTtlMs;
  return Math.min(limits.resolveMaxTtlMs, Math.max(limits.resolveMinTtlMs, found.ttlMs));
}
