/**
 * Items that wait under a key, taken from one key after the other, so that whoever brings many holds up nobody who
 * brings few. Bounded per key and in total; what does not fit is refused. Past the total a key may still have one item.
 */

export class FairQueue<Key, Item> {
  readonly #perKey: number;
  readonly #total: number;
  /** In the order of their turns; a key that was served goes to the end. */
  readonly #lines = new Map<Key, Item[]>();
  #size = 0;

  constructor(limits: { readonly perKey: number; readonly total: number }) {
    this.#perKey = limits.perKey;
    this.#total = limits.total;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes `item` in behind the others of its key; false at a limit. */
  offer(key: Key, item: Item): boolean {
    const waiting = this.#lines.get(key)?.length ?? 0;
    if (waiting >= this.#perKey || (waiting > 0 && this.#size >= this.#total)) return false;
    this.add(key, item);
    return true;
  }

  /** The same for what must not be refused, such as the end of something that was taken in. */
  add(key: Key, item: Item): void {
    const line = this.#lines.get(key) ?? [];
    line.push(item);
    this.#lines.set(key, line);
    this.#size += 1;
  }

  /** The oldest item that fits, of the first key in turn that has one. */
  take(fits: (item: Item) => boolean = () => true): Item | undefined {
    for (const [key, line] of this.#lines) {
      const item = line.find(fits);
      if (item === undefined) continue;
      this.remove(key, item);
      // Its next turn comes after everybody else's.
      if (this.#lines.delete(key) && line.length > 0) this.#lines.set(key, line);
      return item;
    }
    return undefined;
  }

  /** Takes an item back before its turn; false when it is not here any more. */
  remove(key: Key, item: Item): boolean {
    const line = this.#lines.get(key);
    const place = line?.indexOf(item) ?? -1;
    if (line === undefined || place < 0) return false;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(key);
    this.#size -= 1;
    return true;
  }

  /** Empties the queue of what fits, in the order of the keys' turns. */
  drain(fits: (item: Item) => boolean = () => true): Item[] {
    const drained: Item[] = [];
    for (const [key, line] of [...this.#lines]) {
      for (const item of line.filter(fits)) if (this.remove(key, item)) drained.push(item);
    }
    return drained;
  }
}
