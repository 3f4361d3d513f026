/**
 * Refused attempts, into the system log: the first of a kind at once, its repeats within a minute as one count. Nobody
 * can write entries faster than that by asking, and nobody who asks waits for it.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** In closed words: a route's pattern, a token's id or `local` or `unknown`, and one of our codes. */
export interface DeniedAttempt {
  readonly route: string;
  readonly actor: string;
  readonly code: string;
}

const WINDOW_MS = 60_000;
const MAX_WINDOWS = 512;
/** Stands for every kind there was no room to count apart. */
const MANY: DeniedAttempt = { route: 'many', actor: 'unknown', code: 'MANY' };

export class DeniedAttempts {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #windows = new Map<string, { readonly attempt: DeniedAttempt; repeats: number }>();
  #cancel: Cancel | undefined;

  constructor(options: { readonly ledger: Ledger; readonly clock: Clock }) {
    this.#ledger = options.ledger;
    this.#clock = options.clock;
  }

  note(attempt: DeniedAttempt): void {
    const name = JSON.stringify([attempt.route, attempt.actor, attempt.code]);
    const open = this.#windows.get(name);
    if (open !== undefined) {
      open.repeats += 1;
      return;
    }
    if (this.#windows.size >= MAX_WINDOWS && attempt !== MANY) {
      this.note(MANY);
      return;
    }
    this.#windows.set(name, { attempt, repeats: 0 });
    this.#write(attempt, 1);
    this.#cancel ??= this.#clock.after(WINDOW_MS, () => this.flush());
  }

  /** Writes down what was counted and begins anew; also for the end, before the ledger stops. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const { attempt, repeats } of this.#windows.values()) if (repeats > 0) this.#write(attempt, repeats);
    this.#windows.clear();
  }

  #write({ route, actor, code }: DeniedAttempt, count: number): void {
    this.#ledger.note(SYSTEM_LOG, { kind: 'access.denied', route, actor, code, count });
  }
}
