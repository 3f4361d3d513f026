/**
 * Sets of tenants by their place in the document, one bit each: what ten thousand tenants have in common is found in
 * 313 steps, whatever the document says. Small sets are kept as lists. It knows numbers, never tenants.
 */

const WORD_BITS = 32;

/** Places in ascending order, or one bit for each place there is. */
export type Places = readonly number[] | Uint32Array<ArrayBuffer>;

export function emptyPlaces(size: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Math.ceil(size / WORD_BITS));
}

/** The smaller form of a list of places. */
export function packPlaces(list: readonly number[], size: number): Places {
  const bits = emptyPlaces(size);
  if (list.length <= bits.length) return list;
  addPlaces(bits, list);
  return bits;
}

export function addPlaces(into: Uint32Array, places: Places): void {
  if (places instanceof Uint32Array) {
    for (let word = 0; word < into.length; word += 1) into[word] = (into[word] ?? 0) | (places[word] ?? 0);
  } else {
    for (const place of places) addPlace(into, place);
  }
}

export function addPlace(into: Uint32Array, place: number): void {
  const word = place >>> 5;
  into[word] = (into[word] ?? 0) | (1 << (place & 31));
}

/** Keeps in `set` what is in `other` too. */
export function keepPlaces(set: Uint32Array, other: Uint32Array): void {
  for (let word = 0; word < set.length; word += 1) set[word] = (set[word] ?? 0) & (other[word] ?? 0);
}

/** What both hold; undefined when that is nothing. */
export function commonPlaces(
  set: Uint32Array<ArrayBuffer>,
  places: Places | undefined,
): Uint32Array<ArrayBuffer> | undefined {
  if (places === undefined) return undefined;
  const common = new Uint32Array(set.length);
  let isEmpty = true;
  if (places instanceof Uint32Array) {
    for (let word = 0; word < set.length; word += 1) {
      const both = (set[word] ?? 0) & (places[word] ?? 0);
      common[word] = both;
      if (both !== 0) isEmpty = false;
    }
  } else {
    for (const place of places) {
      if (!hasPlace(set, place)) continue;
      addPlace(common, place);
      isEmpty = false;
    }
  }
  return isEmpty ? undefined : common;
}

/** The lowest place; undefined in an empty set. */
export function firstPlace(set: Uint32Array): number | undefined {
  for (let word = 0; word < set.length; word += 1) {
    const bits = set[word] ?? 0;
    // The lowest bit that is set, by itself, has one leading zero for every bit above it.
    if (bits !== 0) return word * WORD_BITS + (WORD_BITS - 1 - Math.clz32(bits & -bits));
  }
  return undefined;
}

function hasPlace(set: Uint32Array, place: number): boolean {
  return ((set[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0;
}
