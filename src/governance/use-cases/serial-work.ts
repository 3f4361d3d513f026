/** Work of one call, one piece after another, with a limit: what does not fit is refused at once, never piled up. */

export class SerialWork {
  readonly #capacity: number;
  #pending = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: { readonly capacity: number }) {
    this.#capacity = options.capacity;
  }

  /** Runs `work` after everything added before. False when too much is waiting; a rejection ends that piece alone. */
  add(work: () => Promise<void>): boolean {
    if (this.#pending >= this.#capacity) return false;
    this.#pending += 1;
    this.#tail = this.#tail
      .then(work)
      .catch(() => undefined)
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
