/** Work of one call, one piece after another, with a limit: what does not fit is refused at once, never piled up. */

export class SerialWork {
  readonly #capacity: number;
  readonly #onBroken: (error: unknown) => void;
  #pending = 0;
  #tail: Promise<void> = Promise.resolve();

  /** `onBroken` hears of work that rejected, which none of ours means to. */
  constructor(options: { readonly capacity: number; onBroken(error: unknown): void }) {
    this.#capacity = options.capacity;
    this.#onBroken = (error) => options.onBroken(error);
  }

  /** Pieces that are not done yet, the running one included. */
  get pending(): number {
    return this.#pending;
  }

  /** Runs `work` after everything added before. False when too much is waiting; a rejection ends that piece alone. */
  add(work: () => Promise<void>): boolean {
    if (this.#pending >= this.#capacity) return false;
    this.#pending += 1;
    this.#tail = this.#tail
      .then(work)
      .catch(this.#onBroken)
      .finally(() => {
        this.#pending -= 1;
      });
    return true;
  }

  /** Resolves when everything added so far is done. */
  idle(): Promise<void> {
    return this.#tail;
  }
}
