/**
 * Key contexts of one side or leg, by key. The same key always finds the same context, so a re-INVITE, or the rollback
 * of a refused one, can neither reset a roll-over counter nor reuse an index.
 */

/** A call that changes its key more often forgets the oldest; fresh keys are random, so that one does not come back. */
const MAX_KEYS = 16;

export class ContextRing<Context extends { wipe(): void }> {
  readonly #byKey = new Map<string, Context>();

  /** The context of that key, made by `create` the first time. It becomes the newest. */
  get(key: string, create: () => Context): Context {
    const context = this.#byKey.get(key) ?? create();
    this.#byKey.delete(key);
    this.#byKey.set(key, context);
    for (const [oldest, forgotten] of this.#byKey) {
      if (this.#byKey.size <= MAX_KEYS) break;
      forgotten.wipe();
      this.#byKey.delete(oldest);
    }
    return context;
  }

  wipe(): void {
    for (const context of this.#byKey.values()) context.wipe();
    this.#byKey.clear();
  }
}
