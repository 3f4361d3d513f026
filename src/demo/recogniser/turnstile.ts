/** Lets a few tasks run at a time; the rest wait in the order they came. Callers bound how many they let wait. */

export class Turnstile {
  readonly #width: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #onEmpty: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#inside >= this.#width) await new Promise<void>((enter) => this.#waiting.push(enter));
    else this.#inside += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside -= 1;
      if (this.#inside === 0) this.#onEmpty.splice(0).forEach((resolve) => resolve());
    }
  }

  settled(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }
}
