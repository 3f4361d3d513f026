/** How often a bundle cost a worker its life. At three it is quarantined for as long as this process lives. */

const LIMIT = 3;
/** Bundles remembered, oldest forgotten first: more than a node will ever be given between two restarts. */
const CAPACITY = 1024;

export class Strikes {
  readonly #counts = new Map<string, number>();

  /** Counts one more against `bundle` and returns how many there are. */
  add(bundle: string): number {
    const count = this.count(bundle) + 1;
    const oldest = this.#counts.keys().next();
    if (this.#counts.size >= CAPACITY && oldest.done !== true) this.#counts.delete(oldest.value);
    this.#counts.set(bundle, count);
    return count;
  }

  count(bundle: string): number {
    return this.#counts.get(bundle) ?? 0;
  }

  isQuarantined(bundle: string): boolean {
    return this.count(bundle) >= LIMIT;
  }
}
