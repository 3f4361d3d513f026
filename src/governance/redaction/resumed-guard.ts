/**
 * After speech that was not heard, a number may already be half said: every digit is hidden until the talk has shown
 * that none is open.
 */

const QUIET_MS = 4000;
const LONGEST_MS = 30_000;

export class ResumedGuard {
  #isOpen: boolean;
  #sinceMs: number | undefined;
  #lastNumberMs = 0;

  constructor(resumed: boolean) {
    this.#isOpen = resumed;
  }

  /** One that goes on from here by itself. */
  copy(): ResumedGuard {
    const copy = new ResumedGuard(this.#isOpen);
    copy.#sinceMs = this.#sinceMs;
    copy.#lastNumberMs = this.#lastNumberMs;
    return copy;
  }

  /** Whether a number that begins at `startMs` is to be hidden whatever it is. Times never go back within a leg. */
  covers(startMs: number): boolean {
    if (!this.#isOpen) return false;
    const sinceMs = this.#sinceMs ?? startMs;
    const quietFromMs = Math.max(sinceMs, this.#lastNumberMs);
    this.#isOpen = startMs - quietFromMs < QUIET_MS && startMs - sinceMs < LONGEST_MS;
    return this.#isOpen;
  }

  /** Notes that speech is heard at `startMs`; the first is where hearing began again. */
  hear(startMs: number): void {
    this.#sinceMs ??= startMs;
  }

  /** Notes that a number was said until `endMs`. */
  hearNumber(endMs: number): void {
    this.#lastNumberMs = endMs;
  }
}
