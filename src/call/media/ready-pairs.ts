/** Bound pairs that no call has yet, by interface and worker, in the order they became free. Taking one never waits. */

import type { MediaPair } from './session-state.ts';

export class ReadyPairs {
  readonly #byPlace = new Map<string, MediaPair[]>();

  add(pair: MediaPair): void {
    const place = placeOf(pair.interface, pair.worker);
    const line = this.#byPlace.get(place);
    if (line) line.push(pair);
    else this.#byPlace.set(place, [pair]);
  }

  /** The pair that has been free longest. */
  take(interfaceName: string, worker: number): MediaPair | undefined {
    return this.#byPlace.get(placeOf(interfaceName, worker))?.shift();
  }

  has(interfaceName: string, worker: number): boolean {
    return (this.#byPlace.get(placeOf(interfaceName, worker))?.length ?? 0) > 0;
  }

  total(): number {
    let total = 0;
    for (const line of this.#byPlace.values()) total += line.length;
    return total;
  }

  /** Forgets every pair of a worker that is gone. */
  forget(worker: number): void {
    for (const [place, line] of this.#byPlace) {
      if (line[0]?.worker === worker) this.#byPlace.delete(place);
    }
  }
}

function placeOf(interfaceName: string, worker: number): string {
  return `${worker} ${interfaceName}`;
}
