/**
 * Refusals of one call that only repeat one just recorded: counted, and handed out as one entry when their time is over.
 * Bounded; where there is no room, nothing is held back.
 */

import type { EntryBody } from '../../model/evidence.ts';

export type Refusal = Extract<EntryBody, { kind: 'refusal' }>;

export const REPEATS_WITHIN_MS = 10_000;
const MAX_WINDOWS = 64;

interface Window {
  readonly untilUs: number;
  newest: Refusal;
  repeats: number;
}

export class RefusalTally {
  /** By what makes refusals the same, in the order they close. */
  readonly #windows = new Map<string, Window>();
  #isClosed = false;

  /** True when `refusal` repeats one and was counted; false when it is to be recorded now, and its window begins. */
  absorb(refusal: Refusal, nowUs: number): boolean {
    const name = nameOf(refusal);
    const open = this.#windows.get(name);
    if (open !== undefined) {
      open.newest = refusal;
      open.repeats += 1;
      return true;
    }
    if (!this.#isClosed && this.#windows.size < MAX_WINDOWS) {
      this.#windows.set(name, { untilUs: nowUs + REPEATS_WITHIN_MS * 1000, newest: refusal, repeats: 0 });
    }
    return false;
  }

  /** Closes the windows whose time is over: one entry for each that had repeats, as the newest of them says it. */
  takeDue(nowUs: number): Refusal[] {
    return this.#take((window) => window.untilUs <= nowUs);
  }

  /** Closes every window, and holds nothing back from now on. */
  close(): Refusal[] {
    this.#isClosed = true;
    return this.#take(() => true);
  }

  #take(isOver: (window: Window) => boolean): Refusal[] {
    const taken: Refusal[] = [];
    for (const [name, window] of this.#windows) {
      if (!isOver(window)) continue;
      this.#windows.delete(name);
      if (window.repeats > 0) taken.push({ ...window.newest, count: window.repeats });
    }
    return taken;
  }
}

/** Whom it concerns, and why: the commitment to the input differs every time and does not count. */
function nameOf({ leg, stream, processor, subscriber, modality, decision }: Refusal): string {
  const { entrypoint, code, rules } = decision;
  return JSON.stringify([leg, stream, processor, subscriber, modality, entrypoint, code, rules]);
}
