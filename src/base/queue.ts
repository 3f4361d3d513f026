/** A queue with a limit and a word for what happens at it. It never grows past its capacity. */

export type OnFull = 'drop-oldest' | 'drop-newest' | 'refuse';

export class BoundedQueue<Item> {
  readonly capacity: number;
  readonly #onFull: OnFull;
  readonly #slots: (Item | undefined)[];
  #head = 0;
  #length = 0;
  #dropped = 0;

  constructor(options: { readonly capacity: number; readonly onFull: OnFull }) {
    this.capacity = options.capacity;
    this.#onFull = options.onFull;
    this.#slots = new Array<Item | undefined>(options.capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** How many items were lost at the limit so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds `item`. Returns what was lost to make room, the item itself when it was not taken, or undefined. */
  push(item: Item): Item | undefined {
    if (this.#length < this.capacity) {
      this.#slots[(this.#head + this.#length) % this.capacity] = item;
      this.#length += 1;
      return undefined;
    }
    if (this.#onFull === 'drop-oldest') {
      this.#dropped += 1;
      const lost = this.#slots[this.#head];
      this.#slots[this.#head] = item;
      this.#head = (this.#head + 1) % this.capacity;
      return lost;
    }
    if (this.#onFull === 'drop-newest') this.#dropped += 1;
    return item;
  }

  /** Takes the oldest item, or undefined when empty. */
  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#length -= 1;
    return item;
  }

  peek(): Item | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** Empties the queue and returns what it held, oldest first. */
  drain(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }
}
